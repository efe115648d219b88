-- The extension plts: the language, the artifact store and the compiler.

\echo Use "create extension plts" to load this file. \quit

-- tables

create table plts.artifact (
    artifact_hash text primary key check (artifact_hash ~ '^sha256:[0-9a-f]{64}$'),
    source_ts text not null,
    compiled_js text not null,
    compiled_sha256 text not null,
    compiler_opts jsonb not null,
    compiler_fingerprint text not null,
    created_at timestamptz not null default clock_timestamp(),
    source_map text,
    diagnostics jsonb not null default '[]',
    exports jsonb not null default '{}',
    imports text[] not null default '{}'
);

select pg_catalog.pg_extension_config_dump('plts.artifact', '');

-- language

create function plts.plts_call_handler() returns language_handler
language c volatile parallel safe
as 'MODULE_PATHNAME', 'plts_call_handler';

create function plts.plts_validator(oid) returns void
language c strict volatile parallel unsafe
as 'MODULE_PATHNAME', 'plts_validator';

create trusted language plts
handler plts.plts_call_handler
validator plts.plts_validator;

-- functions

create function plts.version() returns text
language c immutable parallel safe
as 'MODULE_PATHNAME', 'plts_version';

create function plts.metrics() returns jsonb
language c volatile parallel restricted
as 'MODULE_PATHNAME', 'plts_metrics';

create function plts.library_directory() returns text
language c stable parallel safe
as 'MODULE_PATHNAME', 'plts_library_directory';

create function plts.compile_ts(
    source_ts text,
    compiler_opts jsonb default '{}',
    out compiled_js text,
    out diagnostics jsonb,
    out compiler_fingerprint text
)
language c strict stable parallel restricted
as 'MODULE_PATHNAME', 'plts_compile_ts';

create function plts.typecheck_ts(
    source_ts text,
    compiler_opts jsonb default '{}'
) returns jsonb
language c strict stable parallel restricted
as 'MODULE_PATHNAME', 'plts_typecheck_ts';

create function plts.typecheck_ts(
    sources text[],
    compiler_opts jsonb default '{}'
) returns jsonb
language c strict stable parallel restricted
as 'MODULE_PATHNAME', 'plts_typecheck_sources';

create function plts.artifact_hash(
    source_ts text,
    compiler_opts jsonb default '{}'
) returns text
language c strict immutable parallel safe
as 'MODULE_PATHNAME', 'plts_artifact_hash';

create function plts.artifact_source(fn oid) returns text
language c strict stable parallel restricted
as 'MODULE_PATHNAME', 'plts_artifact_source';

create function plts.compile_and_store(
    source_ts text,
    compiler_opts jsonb default '{}'
) returns text
language c strict volatile parallel unsafe
as 'MODULE_PATHNAME', 'plts_compile_and_store';

create function plts.compile_and_store(
    sources text[],
    compiler_opts jsonb default '{}'
) returns text[]
language c strict volatile parallel unsafe
as 'MODULE_PATHNAME', 'plts_compile_and_store_sources';

create function plts.upsert_artifact(
    source_ts text,
    compiled_js text,
    compiler_opts jsonb default '{}'
) returns text
language c strict volatile parallel unsafe
as 'MODULE_PATHNAME', 'plts_upsert_artifact';

create function plts.get_artifact(artifact_hash text) returns jsonb
language sql strict stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select to_jsonb(a) from plts.artifact as a where a.artifact_hash = $1
$$;

create function plts.recompile() returns integer
language sql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(cardinality(plts.compile_and_store(array_agg(missing.source))), 0)
    from (
        select distinct plts.artifact_source(p.oid) as source
        from pg_proc as p
        join pg_language as l on l.oid = p.prolang and l.lanname = 'plts'
    ) as missing
    where
        missing.source is not null
        and not exists (
            select from plts.artifact as a
            where a.artifact_hash = plts.artifact_hash(missing.source)
        )
$$;

-- comments

comment on schema plts is
'LANGUAGE plts: TypeScript functions, their compiler and their artifacts';
comment on language plts is
'TypeScript on V8, type-checked when a function is created';
comment on function plts.plts_call_handler() is 'runs functions of LANGUAGE plts';
comment on function plts.plts_validator(oid) is
'type-checks functions of LANGUAGE plts and stores what it compiled';
comment on function plts.version() is 'version of the extension plts';
comment on function plts.metrics() is
'counters of this backend: compilations and executions, their errors and latencies';
comment on function plts.library_directory() is
'folder that the library of plts was loaded from';
comment on function plts.compile_ts(text, jsonb) is
'compiles a TypeScript module; stores nothing';
comment on function plts.typecheck_ts(text, jsonb) is
'diagnostics of a TypeScript module as a JSON array; stores nothing';
comment on function plts.typecheck_ts(text[], jsonb) is
'diagnostics of several TypeScript modules as one JSON array; stores nothing';
comment on function plts.artifact_hash(text, jsonb) is
'the hash that the artifact of a source has, without compiling it';
comment on function plts.artifact_source(oid) is
'text of the module that a source function is; NULL for pointers and other functions';
comment on function plts.compile_and_store(text, jsonb) is
'compiles a TypeScript module, stores it and returns its hash';
comment on function plts.compile_and_store(text[], jsonb) is
'compiles TypeScript modules as one program, stores them and returns their hashes';
comment on function plts.upsert_artifact(text, text, jsonb) is
'stores JavaScript that the compiler did not make; for superusers';
comment on function plts.get_artifact(text) is
'an artifact as a JSON object, or NULL';
comment on function plts.recompile() is
'compiles and stores what source functions lack, as after a restore; returns how many';
comment on table plts.artifact is 'compiled modules, immutable, by their hash';
comment on column plts.artifact.artifact_hash is
'names the source, its options and the contract of the runtime';
comment on column plts.artifact.source_ts is
'TypeScript; a plain body with the function it was wrapped in';
comment on column plts.artifact.compiled_js is 'what is executed';
comment on column plts.artifact.compiled_sha256 is 'hash of compiled_js alone';
comment on column plts.artifact.compiler_opts is 'options it was compiled with';
comment on column plts.artifact.compiler_fingerprint is
'the compiler and its libraries, as they were then';
comment on column plts.artifact.created_at is 'when it was stored';
comment on column plts.artifact.source_map is
'maps compiled_js to source_ts, JSON version 3';
comment on column plts.artifact.diagnostics is 'warnings of the compiler';
comment on column plts.artifact.exports is
'what the module exports, found by the compiler';
comment on column plts.artifact.imports is 'specifiers of what the module imports';

-- privileges

-- The language is trusted, but whoever may use it may spend memory and time of the
-- server: the administrator grants it.
revoke all on language plts from public;
revoke all on function
plts.plts_call_handler(),
plts.plts_validator(oid),
plts.library_directory(),
plts.compile_ts(text, jsonb),
plts.typecheck_ts(text, jsonb),
plts.typecheck_ts(text[], jsonb),
plts.artifact_hash(text, jsonb),
plts.artifact_source(oid),
plts.compile_and_store(text, jsonb),
plts.compile_and_store(text[], jsonb),
plts.upsert_artifact(text, text, jsonb),
plts.get_artifact(text),
plts.recompile()
from public;
grant usage on schema plts to public;
