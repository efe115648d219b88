-- The plts functions of a schema, with all that share a name with one of them.
-- parameters: schema_oid bigint
with every as (
    select
        p.*,
        array_agg(p.oid) over (
            partition by p.proname
            order by p.oid
            rows between unbounded preceding and unbounded following
        ) as namesakes
    from pg_proc as p
    where p.pronamespace = :schema_oid::oid
)
select
    p.oid::bigint as oid,
    p.proname::text as name,
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
    -- plts decides; to ask it costs, and pointers are JSON objects.
    case
        when p.prosrc ~ '^\s*\{' then plts.artifact_source(p.oid) is null
        else false
    end as is_pointer,
    -- To write a signature costs, and those of a name that is no trouble are not asked.
    case
        when cardinality(p.namesakes) > 1 then array(
            select s.oid::regprocedure::text
            from unnest(p.namesakes) with ordinality as s (oid, n)
            order by s.n
        )
    end as namesakes,
    p.provolatile::text as volatility,
    p.proisstrict as strict,
    p.proparallel::text as parallel,
    p.procost::float8 as cost,
    p.proconfig as settings,
    obj_description(p.oid, 'pg_proc') as comment
from every as p
join pg_language as l on l.oid = p.prolang
where l.lanname = 'plts'
order by p.proname collate "C", p.oid
