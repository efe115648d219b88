-- Functions: the compiler and the artifacts, for SQL.

create or replace function plts.version() returns text
language c immutable parallel safe
as 'MODULE_PATHNAME', 'plts_version';

create or replace function plts.metrics() returns jsonb
language c volatile parallel restricted
as 'MODULE_PATHNAME', 'plts_metrics';

create or replace function plts.library_directory() returns text
language c stable parallel safe
as 'MODULE_PATHNAME', 'plts_library_directory';

create or replace function plts.compile_ts(
    source_ts text,
    compiler_opts jsonb default '{}',
    out compiled_js text,
    out diagnostics jsonb,
    out compiler_fingerprint text
)
language c strict stable parallel restricted
as 'MODULE_PATHNAME', 'plts_compile_ts';

create or replace function plts.typecheck_ts(
    source_ts text,
    compiler_opts jsonb default '{}'
) returns jsonb
language c strict stable parallel restricted
as 'MODULE_PATHNAME', 'plts_typecheck_ts';

create or replace function plts.typecheck_ts(
    sources text[],
    compiler_opts jsonb default '{}'
) returns jsonb
language c strict stable parallel restricted
as 'MODULE_PATHNAME', 'plts_typecheck_sources';

create or replace function plts.artifact_hash(
    source_ts text,
    compiler_opts jsonb default '{}'
) returns text
language c strict immutable parallel safe
as 'MODULE_PATHNAME', 'plts_artifact_hash';

create or replace function plts.artifact_source(fn oid) returns text
language c strict stable parallel restricted
as 'MODULE_PATHNAME', 'plts_artifact_source';

create or replace function plts.compile_and_store(
    source_ts text,
    compiler_opts jsonb default '{}'
) returns text
language c strict volatile parallel unsafe
as 'MODULE_PATHNAME', 'plts_compile_and_store';

create or replace function plts.compile_and_store(
    sources text[],
    compiler_opts jsonb default '{}'
) returns text[]
language c strict volatile parallel unsafe
as 'MODULE_PATHNAME', 'plts_compile_and_store_sources';

create or replace function plts.upsert_artifact(
    source_ts text,
    compiled_js text,
    compiler_opts jsonb default '{}'
) returns text
language c strict volatile parallel unsafe
as 'MODULE_PATHNAME', 'plts_upsert_artifact';

create or replace function plts.get_artifact(artifact_hash text) returns jsonb
language sql strict stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select to_jsonb(a) from plts.artifact as a where a.artifact_hash = $1
$$;

create or replace function plts.store_what_compiles(
    sources text[],
    names text[]
) returns integer
language c strict volatile parallel unsafe
as 'MODULE_PATHNAME', 'plts_store_what_compiles';

create or replace function plts.skip_stored() returns trigger
language c volatile parallel unsafe
as 'MODULE_PATHNAME', 'plts_skip_stored';

create or replace trigger skip_stored before insert on plts.artifact
for each row execute function plts.skip_stored();

-- Also where rows are replicated: both sides may have stored the same.
alter table plts.artifact enable always trigger skip_stored;

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

create or replace function plts.deletable_artifacts(hashes text[]) returns setof text
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
create or replace function plts.delete_artifacts(hashes text[]) returns setof text
language sql strict volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
as $$
    delete from plts.artifact as a
    where a.artifact_hash in (
        select d.hash from plts.deletable_artifacts($1) as d (hash)
    )
    returning a.artifact_hash
$$;
