-- What an installed 0.1.0 lacks beside what can be created over again: the parts that
-- follow it in the script (views, functions, comments, privileges) are those of a fresh
-- install. Fresh installs and updates end alike: a test compares them.

alter table stopgap.deployment drop constraint deployment_status_check;
alter table stopgap.deployment add constraint deployment_status_check check (
    status in (
        'open', 'sealed', 'active', 'superseded', 'rolled_back', 'failed', 'removed'
    )
);

create index activation_log_from on stopgap.activation_log (from_deployment_id);

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

select pg_catalog.pg_extension_config_dump('stopgap.repair_log', '');

-- One signature a verb: a form with a defaulted argument beside it would be ambiguous.
drop function stopgap.diff(text, text);
