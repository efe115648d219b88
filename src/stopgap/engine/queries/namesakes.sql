-- The signatures of a schema's functions, whatever their language, that share a name.
-- parameters: schema_oid bigint
select
    p.proname::text as name,
    array_agg(p.oid::regprocedure::text order by p.oid) as signatures
from pg_proc as p
where p.pronamespace = :schema_oid::oid
    and p.proname in (
        select s.proname
        from pg_proc as s
        where s.pronamespace = :schema_oid::oid
        group by s.proname
        having count(*) > 1
    )
group by p.proname
