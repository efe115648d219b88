-- Everything callable in a live schema.
-- parameters: schema_oid bigint
select
    p.oid::bigint as oid,
    p.proname::text as name,
    p.proargtypes::text = ('jsonb'::regtype::oid)::text as takes_jsonb,
    -- Writing it costs, and only that of a stranger is shown.
    case
        when p.proargtypes::text <> ('jsonb'::regtype::oid)::text
            then p.oid::regprocedure::text
    end as signature,
    p.proowner = (select oid from pg_roles where rolname = 'stopgap_owner') as is_owned,
    p.prokind = 'f'
        and p.prorettype = 'jsonb'::regtype
        and not p.proretset
        and p.proargnames = array['args']
        and p.proallargtypes is null
        and p.pronargdefaults = 0 as is_replaceable,
    l.lanname::text as language,
    p.prosecdef as security_definer,
    p.proleakproof or p.prosupport <> 0 or p.protrftypes is not null as has_extras,
    p.prosrc as body,
    p.provolatile::text as volatility,
    p.proisstrict as strict,
    p.proparallel::text as parallel,
    p.procost::float8 as cost,
    p.proconfig as settings,
    d.description as comment
from pg_proc as p
join pg_language as l on l.oid = p.prolang
left join pg_description as d
    on d.classoid = 'pg_proc'::regclass and d.objoid = p.oid and d.objsubid = 0
where p.pronamespace = :schema_oid::oid
order by p.proname collate "C"
