-- What 0.2.0 has and 0.1.0 has not. Fresh installs and updates end alike: a test
-- compares them.

\echo Use "alter extension plts update" to load this file. \quit

alter table plts.artifact add column import_map jsonb not null default '{}';

comment on column plts.artifact.imports is
'specifiers of what the module imports, as import maps resolve them';
comment on column plts.artifact.import_map is
'bare specifiers that the module imports, and what each stands for';

-- language

create function plts.plts_inline_handler(internal) returns void
language c strict volatile parallel unsafe
as 'MODULE_PATHNAME', 'plts_inline_handler';

-- Replacing keeps the language's functions, owner and grants.
create or replace trusted language plts
handler plts.plts_call_handler
inline plts.plts_inline_handler
validator plts.plts_validator;

comment on function plts.plts_inline_handler(internal) is
'runs DO blocks of LANGUAGE plts';

revoke all on function plts.plts_inline_handler(internal) from public;

create function plts.store_what_compiles(
    sources text[],
    names text[]
) returns integer
language c strict volatile parallel unsafe
as 'MODULE_PATHNAME', 'plts_store_what_compiles';

create function plts.skip_stored() returns trigger
language c volatile parallel unsafe
as 'MODULE_PATHNAME', 'plts_skip_stored';

create trigger skip_stored before insert on plts.artifact
for each row execute function plts.skip_stored();

create or replace function plts.recompile() returns integer
language sql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
    select plts.store_what_compiles(
        coalesce(array_agg(missing.source), '{}'),
        coalesce(array_agg(missing.name), '{}')
    )
    from (
        select distinct on (all_of.source)
            all_of.source,
            all_of.name
        from (
            select
                plts.artifact_source(p.oid) as source,
                p.oid::regprocedure::text as name
            from pg_proc as p
            join pg_language as l on l.oid = p.prolang and l.lanname = 'plts'
        ) as all_of
        where
            all_of.source is not null
            and not exists (
                select from plts.artifact as a
                where a.artifact_hash = plts.artifact_hash(all_of.source)
            )
        order by all_of.source, all_of.name
    ) as missing
$$;

comment on function plts.store_what_compiles(text[], text[]) is
'stores the sources that compile and warns of the others; returns how many';
comment on function plts.skip_stored() is
'keeps what is stored where a restore brings it again';

revoke all on function
plts.store_what_compiles(text[], text[]),
plts.skip_stored()
from public;

-- What 0.1.0 stored is found by the same hash, unless a new version reads a signature
-- in another way: then it is compiled once here, and not in each session.
select plts.recompile();
