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
create function plts.deletable_artifacts(hashes text[]) returns setof text
language sql strict stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
    with recursive mentioned as (
        -- A hash in the text of a function: a pointer's, or in what it imports.
        select found.hash[1] as hash
        from pg_proc as p
        join pg_language as l on l.oid = p.prolang and l.lanname = 'plts'
        cross join
            regexp_matches(p.prosrc, 'sha256:[0-9a-f]{64}', 'g') as found (hash)
        union
        select plts.artifact_hash(plts.artifact_source(p.oid))
        from pg_proc as p
        join pg_language as l on l.oid = p.prolang and l.lanname = 'plts'
    ),

    staying as (
        select a.artifact_hash, a.source_ts, a.imports
        from plts.artifact as a
        where a.artifact_hash <> all($1)
            or a.artifact_hash in (select m.hash from mentioned as m)
        union
        select imported.artifact_hash, imported.source_ts, imported.imports
        from staying as s
        cross join regexp_matches(
            s.source_ts || array_to_string(s.imports, ' '),
            'sha256:[0-9a-f]{64}',
            'g'
        ) as found (hash)
        join plts.artifact as imported on imported.artifact_hash = found.hash[1]
    )

    select a.artifact_hash
    from plts.artifact as a
    where a.artifact_hash = any($1)
        and not exists (
            select from staying as s where s.artifact_hash = a.artifact_hash
        )
$$;

-- The only way for an artifact to go. It decides by itself what is not needed, so that
-- whoever may call it cannot break a function: hashes that are needed are passed over.
create function plts.delete_artifacts(hashes text[]) returns setof text
language sql strict volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
as $$
    delete from plts.artifact as a
    where a.artifact_hash in (
        select d.hash from plts.deletable_artifacts($1) as d (hash)
    )
    returning a.artifact_hash
$$;

comment on function plts.deletable_artifacts(text[]) is
'those of these artifacts that no function, and no other artifact, needs';
comment on function plts.delete_artifacts(text[]) is
'deletes those of these artifacts that nothing needs, and returns their hashes';

revoke all on function
plts.deletable_artifacts(text[]),
plts.delete_artifacts(text[])
from public;
