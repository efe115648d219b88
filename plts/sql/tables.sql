-- Tables: where compiled modules are kept.

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
    imports text[] not null default '{}',
    import_map jsonb not null default '{}'
);

select pg_catalog.pg_extension_config_dump('plts.artifact', '');
