-- The plts functions of a schema, by what they have in common: thousands are alike, and
-- writing down a type, or a row, costs.
-- parameters: schema_oid bigint
select
    p.prokind::text as prokind,
    array(
        select format_type(t.type_oid, null)
        from unnest(p.proargtypes) with ordinality as t (type_oid, n)
        order by t.n
    ) as argument_types,
    p.proargnames as argument_names,
    p.proargmodes::text[] as argument_modes,
    p.pronargdefaults::int as default_count,
    format_type(p.prorettype, null) as return_type,
    p.proretset as returns_set,
    p.prosecdef as security_definer,
    p.is_pointer,
    p.provolatile::text as volatility,
    p.proisstrict as strict,
    p.proparallel::text as parallel,
    p.procost::float8 as cost,
    p.proconfig as settings,
    array_agg(p.oid::bigint) as oids,
    array_agg(p.proname::text) as names,
    array_agg(p.comment) as comments
from (
    select
        f.*,
        -- plts decides; to ask it costs, and pointers are JSON objects.
        case
            when f.prosrc ~ '^\s*\{' then plts.artifact_source(f.oid) is null
            else false
        end as is_pointer,
        (
            select d.description
            from pg_description as d
            where d.classoid = 'pg_proc'::regclass
                and d.objoid = f.oid
                and d.objsubid = 0
        ) as comment
    from pg_proc as f
    where f.pronamespace = :schema_oid::oid
        and f.prolang = (select l.oid from pg_language as l where l.lanname = 'plts')
) as p
group by
    p.prokind,
    p.proargtypes,
    p.proargnames,
    p.proargmodes,
    p.pronargdefaults,
    p.prorettype,
    p.proretset,
    p.prosecdef,
    p.is_pointer,
    p.provolatile,
    p.proisstrict,
    p.proparallel,
    p.procost,
    p.proconfig
