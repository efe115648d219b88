-- Everything callable in a live schema, by what functions have in common: thousands are
-- alike, and a row for each costs.
-- parameters: schema_oid bigint
select
    p.takes_jsonb,
    p.is_owned,
    p.is_replaceable,
    (select l.lanname::text from pg_language as l where l.oid = p.prolang) as language,
    p.prosecdef as security_definer,
    p.has_extras,
    exists (
        select
        from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
        where a.grantee = 0
    ) as is_public,
    p.proacl is null as has_lost_grants,
    p.provolatile::text as volatility,
    p.proisstrict as strict,
    p.proparallel::text as parallel,
    p.procost::float8 as cost,
    p.proconfig as settings,
    array_agg(p.oid::bigint) as oids,
    array_agg(p.proname::text) as names,
    array_agg(p.prosrc) as bodies,
    array_agg(p.comment) as comments,
    -- Writing them costs, and only those of strangers are shown.
    array_agg(p.oid::regprocedure::text) filter (where not p.takes_jsonb) as signatures
from (
    select
        f.*,
        f.proargtypes::text = ('jsonb'::regtype::oid)::text as takes_jsonb,
        f.proowner = (select oid from pg_roles where rolname = 'stopgap_owner')
            as is_owned,
        f.prokind = 'f'
            and f.prorettype = 'jsonb'::regtype
            and not f.proretset
            and f.proargnames = array['args']
            and f.proallargtypes is null
            and f.pronargdefaults = 0 as is_replaceable,
        f.proleakproof or f.prosupport <> 0 or f.protrftypes is not null as has_extras,
        (
            select d.description
            from pg_description as d
            where d.classoid = 'pg_proc'::regclass
                and d.objoid = f.oid
                and d.objsubid = 0
        ) as comment
    from pg_proc as f
    where f.pronamespace = :schema_oid::oid
) as p
group by
    p.takes_jsonb,
    p.is_owned,
    p.is_replaceable,
    p.prolang,
    p.prosecdef,
    p.has_extras,
    p.proowner,
    p.proacl,
    p.provolatile,
    p.proisstrict,
    p.proparallel,
    p.procost,
    p.proconfig
