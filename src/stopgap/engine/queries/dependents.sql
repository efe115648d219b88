-- What depends on functions, as DROP … RESTRICT would name it.
-- parameters: oids oid[]
select
    d.refobjid::bigint as oid,
    array_agg(
        distinct pg_describe_object(d.classid, d.objid, d.objsubid)
        order by pg_describe_object(d.classid, d.objid, d.objsubid)
    ) as dependents
from pg_depend as d
where d.refclassid = 'pg_proc'::regclass and d.refobjid = any (:oids)
group by d.refobjid
union all
select d.objid::bigint, array_agg(pg_describe_object(d.refclassid, d.refobjid, 0))
from pg_depend as d
where d.classid = 'pg_proc'::regclass
    and d.objid = any (:oids)
    and d.refclassid = 'pg_extension'::regclass
    and d.deptype = 'e'
group by d.objid
