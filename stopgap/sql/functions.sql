-- Functions: thin bodies that load the engine and call it.
--
-- The engine is Python, in a folder beside the library of plts that carries the
-- version. plts is asked for that folder at run time: a path written here would
-- outlive the server it belongs to. It is loaded under a private name with the
-- version in it, and sys.path stays as it is, so that databases on different versions
-- share a server, and an open session follows its catalog through an update.
--
-- A session's settings decide how the engine's SQL is read and how names are written in
-- what the catalog answers: those that do are pinned.

create or replace function stopgap.load_engine() returns void
language plpython3u volatile parallel unsafe security invoker
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
import importlib.util
import os
import sys

key = "stopgap @VERSION@"
name = "_stopgap_engine_@VERSION@".replace(".", "_")


class Unavailable:
    # Stands in for the engine until the next call, which looks for it again. An error
    # raised here would reach people behind the names of all the functions it passed.

    def __init__(self, message, sqlstate, detail=None, hint=None):
        self._fields = message, sqlstate, detail, hint

    def __getattr__(self, verb):
        def refuse(*arguments):
            GD.pop(key, None)
            message, sqlstate, detail, hint = self._fields
            error = type(verb, (plpy.Error,), {"__module__": "stopgap"})(message)
            error.sqlstate, error.detail, error.hint = sqlstate, detail, hint
            raise error

        return refuse


def missing(path):
    found = plpy.execute(
        "select default_version from pg_available_extensions where name = 'stopgap'"
    )
    installed = found[0]["default_version"] if len(found) else None
    if installed in (None, "@VERSION@"):
        hint = "Run make install for this version of stopgap."
    else:
        hint = (
            f"The server has stopgap {installed}. As a superuser:"
            " alter extension plts update; alter extension stopgap update;"
        )
    message = "the engine of stopgap @VERSION@ is not installed"
    return Unavailable(message, "58P01", f"There is no {path}.", hint)


def load():
    folder = plpy.execute("select plts.library_directory() as path")[0]["path"]
    folder = os.path.join(folder, "stopgap-@VERSION@", "engine")
    spec = importlib.util.spec_from_file_location(
        name,
        os.path.join(folder, "__init__.py"),
        submodule_search_locations=[folder],
    )
    if not os.path.exists(spec.origin):
        return missing(spec.origin)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return importlib.import_module(name + ".server")


try:
    GD[key] = load()
except BaseException as error:
    # A half-loaded package would be taken for a whole one by the next call.
    for loaded in [m for m in sys.modules if m == name or m.startswith(name + ".")]:
        del sys.modules[loaded]
    if not isinstance(error, (plpy.Error, Exception)):
        raise
    GD[key] = Unavailable(
        f"the engine of stopgap @VERSION@ cannot be loaded: {error}",
        getattr(error, "sqlstate", None) or "38000",
        detail=f"It is a {type(error).__name__}.",
        hint="Install this version of stopgap, and of plts, once more.",
    )
$python$;

create or replace function stopgap.version() returns text
language plpython3u stable parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].version()
$python$;

create or replace function stopgap.metrics() returns jsonb
language plpython3u volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].metrics()
$python$;

create or replace function stopgap.deploy(
    env text,
    from_schema text,
    label text default null,
    options jsonb default '{}'
) returns bigint
language plpython3u volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].deploy(plpy, env, from_schema, label, options)
$python$;

create or replace function stopgap.rollback(
    env text,
    steps int default 1,
    to_id bigint default null,
    options jsonb default '{}'
) returns bigint
language plpython3u volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].rollback(plpy, env, steps, to_id, options)
$python$;

create or replace function stopgap.status(env text) returns jsonb
language plpython3u stable parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].status(plpy, env)
$python$;

create or replace function stopgap.deployments(
    env text,
    max_count int default null,
    before_id bigint default null,
    with_functions bool default true
) returns jsonb
language plpython3u stable parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].deployments(
    plpy, env, max_count, before_id, with_functions
)
$python$;

create or replace function stopgap.diff(
    env text,
    from_schema text,
    options jsonb default '{}'
) returns jsonb
language plpython3u stable parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].diff(plpy, env, from_schema, options)
$python$;

create or replace function stopgap.plan(
    env text,
    from_schema text,
    options jsonb default '{}'
) returns jsonb
language plpython3u stable parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].plan(plpy, env, from_schema, options)
$python$;

create or replace function stopgap.activate(
    env text,
    deployment_id bigint,
    options jsonb default '{}'
) returns bigint
language plpython3u volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].activate(plpy, env, deployment_id, options)
$python$;

create or replace function stopgap.repair(
    env text,
    options jsonb default '{}'
) returns jsonb
language plpython3u volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].repair(plpy, env, options)
$python$;

create or replace function stopgap.record_failure(
    env text,
    from_schema text,
    error jsonb,
    options jsonb default '{}'
) returns bigint
language plpython3u volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].record_failure(plpy, env, from_schema, error, options)
$python$;

create or replace function stopgap.find_deployment(env text, token text) returns bigint
language plpython3u volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].find_deployment(plpy, env, token)
$python$;

create or replace function stopgap.gc(options jsonb default '{}') returns jsonb
language plpython3u volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].gc(plpy, options)
$python$;

create or replace function stopgap.promote(
    from_env text,
    to_env text,
    options jsonb default '{}'
) returns bigint
language plpython3u volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].promote(plpy, from_env, to_env, options)
$python$;

create or replace function stopgap.export_deployment(
    env text,
    deployment_id bigint default null,
    options jsonb default '{}'
) returns jsonb
language plpython3u stable parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].export_deployment(plpy, env, deployment_id, options)
$python$;

create or replace function stopgap.import_deployment(
    env text,
    bundle jsonb,
    options jsonb default '{}'
) returns bigint
language plpython3u volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].import_deployment(plpy, env, bundle, options)
$python$;

create or replace function stopgap.verify(options jsonb default '{}') returns jsonb
language plpython3u stable parallel unsafe security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].verify(plpy, options)
$python$;

-- No definer: it gives things to stopgap_owner that only a superuser can give.
create or replace function stopgap.after_restore(
    options jsonb default '{}'
) returns jsonb
language plpython3u volatile parallel unsafe security invoker
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set quote_all_identifiers = off
as $python$
if "stopgap @VERSION@" not in GD:
    plpy.execute("select stopgap.load_engine()")
return GD["stopgap @VERSION@"].after_restore(plpy, options)
$python$;
