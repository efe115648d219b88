-- Complain if the script is run by psql instead of by CREATE EXTENSION.
\echo Use "create extension stopgap cascade" to load this file. \quit
-- Roles: made where they are missing, adopted where they are harmless.
--
-- Roles belong to the whole cluster, and one of ours may exist already: from another
-- database of it, or planted there. Who could log in as stopgap_owner, or is a member
-- of it, would own every live function. A comment tells the roles that this script
-- made: their members were given to them as what they are. Who may write that comment
-- may add members too, so it need not be kept from anybody.

do $$
declare
    comments constant jsonb := '{
        "stopgap_owner": "stopgap: owns live schemas and live functions",
        "stopgap_deployer": "stopgap: deploys, rolls back, and reads the history",
        "app_user": "stopgap: calls live functions"
    }';
    role_name text;
    existing pg_catalog.pg_roles;
    members text;
    is_ours bool;
begin
    for role_name in select pg_catalog.jsonb_object_keys(comments) loop
        select r.* into existing
        from pg_catalog.pg_roles as r
        where r.rolname = role_name;
        if not found then
            execute pg_catalog.format('create role %I nologin', role_name);
            execute pg_catalog.format(
                'comment on role %I is %L', role_name, comments ->> role_name
            );
            continue;
        end if;
        if existing.rolcanlogin
            or existing.rolsuper
            or existing.rolcreaterole
            or existing.rolcreatedb
            or existing.rolreplication
            or existing.rolbypassrls
        then
            raise exception 'role "%" exists, and can do more than it should', role_name
                using errcode = 'duplicate_object',
                detail = 'It may not log in, be a superuser, create roles or databases,'
                    ' replicate, or bypass row security.',
                hint = pg_catalog.format(
                    'alter role %I nologin nosuperuser nocreaterole nocreatedb'
                    ' noreplication nobypassrls;', role_name
                );
        end if;
        is_ours := coalesce(
            pg_catalog.shobj_description(existing.oid, 'pg_authid')
                = comments ->> role_name,
            false
        );
        select pg_catalog.string_agg(
            pg_catalog.pg_get_userbyid(m.member)::text, ', ' order by m.member
        )
        into members
        from pg_catalog.pg_auth_members as m
        where m.roleid = existing.oid;
        if members is not null
            and (
                role_name = 'stopgap_owner'
                or role_name = 'stopgap_deployer' and not is_ours
            )
        then
            raise exception 'role "%" exists, and has members: %', role_name, members
                using errcode = 'duplicate_object',
                detail = 'They would have its rights in this database too.',
                hint = 'Revoke it from them, and grant it again afterwards if need be.';
        end if;
        -- What the owner is a member of, every deployer reaches through the engine.
        if role_name = 'stopgap_owner' and exists (
            select from pg_catalog.pg_auth_members as m where m.member = existing.oid
        ) then
            raise exception 'role "%" exists, and is a member of other roles', role_name
                using errcode = 'duplicate_object',
                detail = 'The engine would have their rights.',
                hint = 'Revoke them from it.';
        end if;
        -- CREATE EXTENSION lets only warnings through, and sets this back at its end.
        perform pg_catalog.set_config('client_min_messages', 'notice', true);
        raise notice 'role "%" exists already, and is used as it is', role_name
            using detail = 'Its members: ' || coalesce(members, 'none') || '.';
        perform pg_catalog.set_config('client_min_messages', 'warning', true);
    end loop;
end
$$;
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
        status in ('open', 'sealed', 'active', 'superseded', 'rolled_back', 'failed')
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
create index activation_log_history on stopgap.activation_log (env, id desc);

create table stopgap.dropped_function (
    env text not null,
    fn_name text not null,
    activation_id bigint not null,
    grants jsonb not null check (pg_catalog.jsonb_typeof(grants) = 'object'),
    primary key (env, fn_name, activation_id)
);

alter sequence stopgap.deployment_id_seq owned by stopgap.deployment.id;
alter sequence stopgap.activation_log_id_seq owned by stopgap.activation_log.id;
-- Foreign keys between the tables, and from function versions to their artifacts.
--
-- pg_dump writes an extension's rows in the order of its foreign keys, but does not
-- tell that order to pg_restore: with -j it begins with the largest table, and the
-- first row without its parent ends the restore. So a restore, which pg_dump makes
-- with row_security off, does without them, and stopgap.after_restore() adds them.

create function stopgap.add_foreign_keys() returns void
language plpgsql volatile parallel unsafe security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    missing record;
begin
    for missing in
        select k.*
        from (
            values
            (
                'deployment_env_fkey', 'stopgap.deployment',
                '(env) references stopgap.environment (env)'
            ),
            (
                'fn_version_deployment_id_fkey', 'stopgap.fn_version',
                '(deployment_id) references stopgap.deployment (id)'
            ),
            (
                'fn_version_artifact_hash_fkey', 'stopgap.fn_version',
                '(artifact_hash) references plts.artifact (artifact_hash)'
            ),
            (
                'activation_log_env_fkey', 'stopgap.activation_log',
                '(env) references stopgap.environment (env)'
            ),
            (
                'activation_log_from_deployment_id_fkey', 'stopgap.activation_log',
                '(from_deployment_id) references stopgap.deployment (id)'
            ),
            (
                'activation_log_to_deployment_id_fkey', 'stopgap.activation_log',
                '(to_deployment_id) references stopgap.deployment (id)'
            ),
            (
                'dropped_function_env_fkey', 'stopgap.dropped_function',
                '(env) references stopgap.environment (env)'
            ),
            (
                'dropped_function_activation_id_fkey', 'stopgap.dropped_function',
                '(activation_id) references stopgap.activation_log (id)'
            )
        ) as k (key_name, table_name, definition)
        where not exists (
            select
            from pg_constraint as c
            where c.conname = k.key_name
                and c.conrelid = k.table_name::regclass
                and c.convalidated
        )
    loop
        -- Not valid at first: rows whose parents were not restored, such as artifacts
        -- after a dump without data, shall not keep new rows from being checked.
        if not exists (
            select
            from pg_constraint as c
            where c.conname = missing.key_name
                and c.conrelid = missing.table_name::regclass
        ) then
            execute format(
                'alter table %s add constraint %I foreign key %s not valid',
                missing.table_name, missing.key_name, missing.definition
            );
        end if;
        begin
            execute format(
                'alter table %s validate constraint %I',
                missing.table_name, missing.key_name
            );
        exception
            when foreign_key_violation then
                raise warning 'rows of % refer to what is missing', missing.table_name
                    using detail = format('%I is not valid.', missing.key_name);
        end;
    end loop;
end
$$;

do $$
begin
    if pg_catalog.current_setting('row_security')::bool then
        perform stopgap.add_foreign_keys();
    end if;
end
$$;
-- Views: the audit of activations, and the state of each environment.

create view stopgap.activation_audit as
select
    a.id as activation_id,
    a.env,
    a.from_deployment_id,
    a.to_deployment_id,
    a.activated_at,
    a.activated_by,
    a.action,
    d.status as to_status,
    d.label as to_label,
    d.source_schema as to_source_schema,
    d.created_at as to_created_at,
    d.created_by as to_created_by
from stopgap.activation_log as a
join stopgap.deployment as d on d.id = a.to_deployment_id;

create view stopgap.environment_overview as
select
    e.env,
    e.live_schema,
    e.active_deployment_id,
    e.updated_at,
    d.status as active_status,
    d.label as active_label,
    d.created_at as active_created_at,
    d.created_by as active_created_by
from stopgap.environment as e
left join stopgap.deployment as d on d.id = e.active_deployment_id;
-- Functions: thin bodies that load the engine and call it.
--
-- The engine is Python, in a folder beside the library of plts that carries the
-- version. plts is asked for that folder at run time: a path written here would
-- outlive the server it belongs to. It is loaded under a private name with the
-- version in it, and sys.path stays as it is, so that databases on different versions
-- share a server, and an open session follows its catalog through an update.

create function stopgap.load_engine() returns void
language plpython3u volatile parallel unsafe security invoker
set search_path = pg_catalog, pg_temp
as $python$
import importlib.util
import os
import sys

folder = plpy.execute("select plts.library_directory() as path")[0]["path"]
folder = os.path.join(folder, "stopgap-0.1.0", "engine")
name = "_stopgap_engine_0_1_0"
spec = importlib.util.spec_from_file_location(
    name,
    os.path.join(folder, "__init__.py"),
    submodule_search_locations=[folder],
)
if not os.path.exists(spec.origin):
    plpy.error(
        "the engine of stopgap 0.1.0 is not installed",
        detail=f"There is no {spec.origin}.",
        hint="Run make install for this version of stopgap.",
        sqlstate="58P01",
    )
sys.modules[name] = importlib.util.module_from_spec(spec)
try:
    spec.loader.exec_module(sys.modules[name])
    GD["stopgap 0.1.0"] = importlib.import_module(name + ".server")
except BaseException:
    # A half-loaded package would be taken for a whole one by the next call.
    for loaded in [m for m in sys.modules if m == name or m.startswith(name + ".")]:
        del sys.modules[loaded]
    raise
$python$;

create function stopgap.version() returns text
language plpython3u stable parallel unsafe security definer
set search_path = pg_catalog, pg_temp
as $python$
if "stopgap 0.1.0" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap 0.1.0"].version()
$python$;

create function stopgap.metrics() returns jsonb
language plpython3u volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
as $python$
if "stopgap 0.1.0" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap 0.1.0"].metrics()
$python$;

create function stopgap.deploy(
    env text,
    from_schema text,
    label text default null,
    options jsonb default '{}'
) returns bigint
language plpython3u volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
as $python$
if "stopgap 0.1.0" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap 0.1.0"].deploy(plpy, env, from_schema, label, options)
$python$;

create function stopgap.rollback(
    env text,
    steps int default 1,
    to_id bigint default null,
    options jsonb default '{}'
) returns bigint
language plpython3u volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
as $python$
if "stopgap 0.1.0" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap 0.1.0"].rollback(plpy, env, steps, to_id, options)
$python$;

create function stopgap.status(env text) returns jsonb
language plpython3u stable parallel unsafe security definer
set search_path = pg_catalog, pg_temp
as $python$
if "stopgap 0.1.0" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap 0.1.0"].status(plpy, env)
$python$;

create function stopgap.deployments(
    env text,
    max_count int default null,
    before_id bigint default null,
    with_functions bool default true
) returns jsonb
language plpython3u stable parallel unsafe security definer
set search_path = pg_catalog, pg_temp
as $python$
if "stopgap 0.1.0" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap 0.1.0"].deployments(
    plpy, env, max_count, before_id, with_functions
)
$python$;

create function stopgap.diff(env text, from_schema text) returns jsonb
language plpython3u stable parallel unsafe security definer
set search_path = pg_catalog, pg_temp
as $python$
if "stopgap 0.1.0" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap 0.1.0"].diff(plpy, env, from_schema)
$python$;

-- No definer: it gives things to stopgap_owner that only a superuser can give.
create function stopgap.after_restore(options jsonb default '{}') returns jsonb
language plpython3u volatile parallel unsafe security invoker
set search_path = pg_catalog, pg_temp
as $python$
if "stopgap 0.1.0" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap 0.1.0"].after_restore(plpy, options)
$python$;
-- Comments: what each object is, for \d+ and \df+.

comment on table stopgap.environment is
    'A named place to deploy to, with a live schema of its own';
comment on column stopgap.environment.env is 'Name of the environment';
comment on column stopgap.environment.live_schema is
    'Schema of the live functions, the engine''s alone';
comment on column stopgap.environment.active_deployment_id is
    'What the environment runs; a deployment of the same environment';
comment on column stopgap.environment.updated_at is 'When that was last changed';

comment on table stopgap.deployment is
    'An immutable set of function versions of one environment';
comment on column stopgap.deployment.id is 'Drawn under the environment''s lock';
comment on column stopgap.deployment.env is 'Where it was deployed to';
comment on column stopgap.deployment.label is 'What its author calls it';
comment on column stopgap.deployment.created_at is 'Wall clock time of the deploy';
comment on column stopgap.deployment.created_by is 'Who had logged in';
comment on column stopgap.deployment.created_as is 'The role in force';
comment on column stopgap.deployment.source_schema is 'Where the functions come from';
comment on column stopgap.deployment.status is
    'open, sealed, active, superseded, rolled_back or failed';
comment on column stopgap.deployment.previous_id is
    'What was active at its first activation; the way back of a rollback';
comment on column stopgap.deployment.provenance is 'Where the sources come from';
comment on column stopgap.deployment.manifest is
    'What was sealed; the function list is rendered from fn_version';

comment on table stopgap.fn_version is
    'One function of one deployment, and its artifact';
comment on column stopgap.fn_version.deployment_id is 'The deployment';
comment on column stopgap.fn_version.fn_name is 'Name, in both schemas';
comment on column stopgap.fn_version.fn_schema is 'The source schema';
comment on column stopgap.fn_version.live_fn_schema is 'The live schema';
comment on column stopgap.fn_version.kind is 'query or mutation';
comment on column stopgap.fn_version.artifact_hash is 'The compiled module';
comment on column stopgap.fn_version.pointer is 'The body of the live function';
comment on column stopgap.fn_version.attributes is
    'Volatility, STRICT, PARALLEL, COST, SET clauses and comment';

comment on table stopgap.activation_log is
    'Every change of what an environment runs, in the order of id';
comment on column stopgap.activation_log.id is 'Drawn under the environment''s lock';
comment on column stopgap.activation_log.env is 'The environment';
comment on column stopgap.activation_log.from_deployment_id is
    'What was active before; NULL at the first deployment';
comment on column stopgap.activation_log.to_deployment_id is 'What became active';
comment on column stopgap.activation_log.activated_at is 'Wall clock time';
comment on column stopgap.activation_log.activated_by is 'Who had logged in';
comment on column stopgap.activation_log.activated_as is 'The role in force';
comment on column stopgap.activation_log.action is 'deploy, rollback, …';
comment on column stopgap.activation_log.outcome is
    'What it did to the live schema, and what it retained there';

comment on table stopgap.dropped_function is
    'The grants that live functions had when they were dropped';
comment on column stopgap.dropped_function.env is 'The environment';
comment on column stopgap.dropped_function.fn_name is 'The live function';
comment on column stopgap.dropped_function.activation_id is 'What dropped it';
comment on column stopgap.dropped_function.grants is
    'Who had EXECUTE, by role name, public meaning everybody';

comment on view stopgap.activation_audit is
    'Who made what active when, with the deployment that it became';
comment on view stopgap.environment_overview is
    'What each environment runs';

comment on function stopgap.add_foreign_keys() is
    'Adds the foreign keys that a restore does without; for after_restore()';
comment on function stopgap.load_engine() is
    'Loads the engine into this backend; for the other functions';
comment on function stopgap.version() is 'The version of the engine that runs';
comment on function stopgap.metrics() is
    'Counters of this backend: calls, errors, latencies';
comment on function stopgap.deploy(text, text, text, jsonb) is
    'Deploys a source schema to an environment; returns the deployment';
comment on function stopgap.rollback(text, int, bigint, jsonb) is
    'Goes back to an earlier deployment; returns it';
comment on function stopgap.status(text) is
    'What an environment runs, and the drift of its live schema';
comment on function stopgap.deployments(text, int, bigint, bool) is
    'The deployments of an environment, newest first';
comment on function stopgap.diff(text, text) is
    'What deploying a source schema would change; writes nothing';
comment on function stopgap.after_restore(jsonb) is
    'Gives stopgap_owner back what a restore or a template left out; superusers only';
-- Privileges: stopgap_owner owns all of it, deployers deploy and read, the public
-- learns the version.
--
-- The functions run as stopgap_owner because the tables and the live schemas are
-- nobody else's to write. They check what the caller may do themselves.

alter schema stopgap owner to stopgap_owner;

alter table stopgap.environment owner to stopgap_owner;
alter table stopgap.deployment owner to stopgap_owner;
alter table stopgap.fn_version owner to stopgap_owner;
alter table stopgap.activation_log owner to stopgap_owner;
alter table stopgap.dropped_function owner to stopgap_owner;
alter view stopgap.activation_audit owner to stopgap_owner;
alter view stopgap.environment_overview owner to stopgap_owner;

alter function stopgap.add_foreign_keys() owner to stopgap_owner;
alter function stopgap.load_engine() owner to stopgap_owner;
alter function stopgap.version() owner to stopgap_owner;
alter function stopgap.metrics() owner to stopgap_owner;
alter function stopgap.deploy(text, text, text, jsonb) owner to stopgap_owner;
alter function stopgap.rollback(text, int, bigint, jsonb) owner to stopgap_owner;
alter function stopgap.status(text) owner to stopgap_owner;
alter function stopgap.deployments(text, int, bigint, bool) owner to stopgap_owner;
alter function stopgap.diff(text, text) owner to stopgap_owner;

-- What the engine needs of others.
grant usage on schema plts to stopgap_owner;
grant usage on language plts to stopgap_owner;
grant select on plts.artifact to stopgap_owner;
grant execute on function plts.library_directory() to stopgap_owner;
grant execute on function plts.artifact_source(oid) to stopgap_owner;
grant execute on function plts.artifact_hash(text, jsonb) to stopgap_owner;
grant execute on function plts.compile_and_store(text[], jsonb) to stopgap_owner;
grant execute on function plts.typecheck_ts(text[], jsonb) to stopgap_owner;

-- The live schemas are the engine's to create.
do $$
begin
    execute pg_catalog.format(
        'grant create on database %I to stopgap_owner', pg_catalog.current_database()
    );
end
$$;

revoke all on schema stopgap from public;
grant usage on schema stopgap to public;

revoke all on function stopgap.add_foreign_keys() from public;
revoke all on function stopgap.load_engine() from public;
revoke all on function stopgap.deploy(text, text, text, jsonb) from public;
revoke all on function stopgap.rollback(text, int, bigint, jsonb) from public;
revoke all on function stopgap.status(text) from public;
revoke all on function stopgap.deployments(text, int, bigint, bool) from public;
revoke all on function stopgap.diff(text, text) from public;
revoke all on function stopgap.after_restore(jsonb) from public;

grant execute on function stopgap.deploy(text, text, text, jsonb) to stopgap_deployer;
grant execute on function stopgap.rollback(text, int, bigint, jsonb)
    to stopgap_deployer;
grant execute on function stopgap.status(text) to stopgap_deployer;
grant execute on function stopgap.deployments(text, int, bigint, bool)
    to stopgap_deployer;
grant execute on function stopgap.diff(text, text) to stopgap_deployer;

-- Deployers read everything: the history, and the code that it refers to.
grant select on
    stopgap.environment,
    stopgap.deployment,
    stopgap.fn_version,
    stopgap.activation_log,
    stopgap.dropped_function,
    stopgap.activation_audit,
    stopgap.environment_overview
    to stopgap_deployer;
grant usage on schema plts to stopgap_deployer;
grant select on plts.artifact to stopgap_deployer;
grant execute on function plts.get_artifact(text) to stopgap_deployer;
grant execute on function plts.typecheck_ts(text[], jsonb) to stopgap_deployer;
-- Dump: the rows are the users', so pg_dump carries all of them.

select pg_catalog.pg_extension_config_dump('stopgap.environment', '');
select pg_catalog.pg_extension_config_dump('stopgap.deployment', '');
select pg_catalog.pg_extension_config_dump('stopgap.fn_version', '');
select pg_catalog.pg_extension_config_dump('stopgap.activation_log', '');
select pg_catalog.pg_extension_config_dump('stopgap.dropped_function', '');
select pg_catalog.pg_extension_config_dump('stopgap.deployment_id_seq', '');
select pg_catalog.pg_extension_config_dump('stopgap.activation_log_id_seq', '');
