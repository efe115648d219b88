-- A schema as a live schema: who owns it, and what speaks against it.
-- parameters: schema text
select
    n.oid::bigint as oid,
    n.nspowner = (select oid from pg_roles where rolname = 'stopgap_owner') as is_owned,
    pg_get_userbyid(n.nspowner)::text as owner,
    (
        select x.extname::text
        from pg_extension as x
        where x.extnamespace = n.oid
            or exists (
                select
                from pg_depend as d
                where d.classid = 'pg_namespace'::regclass
                    and d.objid = n.oid
                    and d.refclassid = 'pg_extension'::regclass
                    and d.refobjid = x.oid
                    and d.deptype = 'e'
            )
        limit 1
    ) as extension
from pg_namespace as n
where n.nspname = :schema
