-- A schema as a source: whether the caller may look into it, and whose live
-- schema it is.
-- parameters: schema text, caller text
select
    n.oid::bigint as oid,
    has_schema_privilege(:caller::name, n.oid, 'usage') as caller_has_usage,
    (select e.env from stopgap.environment as e where e.live_schema = n.nspname)
        as live_schema_of
from pg_namespace as n
where n.nspname = :schema
