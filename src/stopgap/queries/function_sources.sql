-- The functions of a schema as their authors wrote them.
select
    routine.proname as fn_name,
    routine.prosrc as source_ts
from pg_catalog.pg_proc as routine
inner join pg_catalog.pg_language as language on routine.prolang = language.oid
inner join
    pg_catalog.pg_namespace as namespace
    on routine.pronamespace = namespace.oid
where namespace.nspname = %(schema)s and language.lanname = 'plts'
