-- Tables: environments, their deployments, and what happened to them.
--
-- active_deployment_id and previous_id are no foreign keys, for a cycle or a
-- self-reference of them could not be restored from a dump; the engine checks them.
-- The foreign keys that there are come in foreign_keys.sql. Nothing fills columns by
-- trigger, for a restore would run it.

create sequence stopgap.deployment_id_seq as bigint;
create sequence stopgap.activation_log_id_seq as bigint;

create table stopgap.environment (
    env text primary key check (env <> ''),
    live_schema text not null unique check (live_schema <> ''),
    active_deployment_id bigint,
    updated_at timestamptz not null default pg_catalog.clock_timestamp()
);

create table stopgap.deployment (
    id bigint primary key default pg_catalog.nextval('stopgap.deployment_id_seq'),
    env text not null,
    label text,
    created_at timestamptz not null default pg_catalog.clock_timestamp(),
    created_by text not null,
    created_as text not null,
    source_schema text not null,
    status text not null check (
        status in (
            'open', 'sealed', 'active', 'superseded', 'rolled_back', 'failed', 'removed'
        )
    ),
    previous_id bigint,
    provenance jsonb not null default '{}' check (
        pg_catalog.jsonb_typeof(provenance) = 'object'
    ),
    manifest jsonb check (pg_catalog.jsonb_typeof(manifest) = 'object'),
    check (status in ('open', 'failed') or manifest is not null),
    check (previous_id <> id)
);

create unique index deployment_one_active
    on stopgap.deployment (env) where status = 'active';
create index deployment_history on stopgap.deployment (env, id desc);

create table stopgap.fn_version (
    deployment_id bigint not null,
    fn_name text not null check (fn_name <> ''),
    fn_schema text not null,
    live_fn_schema text not null,
    kind text not null check (kind in ('query', 'mutation')),
    artifact_hash text not null,
    pointer jsonb not null check (pg_catalog.jsonb_typeof(pointer) = 'object'),
    attributes jsonb not null check (pg_catalog.jsonb_typeof(attributes) = 'object'),
    primary key (deployment_id, fn_schema, fn_name)
);

-- Serves the foreign key, and whoever asks what runs an artifact.
create index fn_version_artifact on stopgap.fn_version (artifact_hash);

create table stopgap.activation_log (
    id bigint primary key default pg_catalog.nextval('stopgap.activation_log_id_seq'),
    env text not null,
    from_deployment_id bigint,
    to_deployment_id bigint not null,
    activated_at timestamptz not null default pg_catalog.clock_timestamp(),
    activated_by text not null,
    activated_as text not null,
    action text not null check (action <> ''),
    outcome jsonb not null default '{}' check (
        pg_catalog.jsonb_typeof(outcome) = 'object'
    )
);

create index activation_log_to on stopgap.activation_log (to_deployment_id, id desc);
-- Serves the foreign key, and retention, which asks when a deployment was left.
create index activation_log_from on stopgap.activation_log (from_deployment_id);
create index activation_log_history on stopgap.activation_log (env, id desc);

create table stopgap.dropped_function (
    env text not null,
    fn_name text not null,
    activation_id bigint not null,
    grants jsonb not null check (pg_catalog.jsonb_typeof(grants) = 'object'),
    primary key (env, fn_name, activation_id)
);

-- A repair is the affair of one database, also of one that is sent the rows of another.
-- No key: whatever two sides of a replication write here, nothing of it collides.
create table stopgap.repair_log (
    id bigint not null
    default pg_catalog.nextval('stopgap.activation_log_id_seq'),
    env text not null,
    deployment_id bigint not null,
    repaired_at timestamptz not null default pg_catalog.clock_timestamp(),
    repaired_by text not null,
    repaired_as text not null,
    outcome jsonb not null default '{}' check (
        pg_catalog.jsonb_typeof(outcome) = 'object'
    )
);

-- Serves the audit, which shows activations and repairs by id.
create index repair_log_history on stopgap.repair_log (id desc);

alter sequence stopgap.deployment_id_seq owned by stopgap.deployment.id;
alter sequence stopgap.activation_log_id_seq owned by stopgap.activation_log.id;
