"""A deployer's attempts to run code with rights that are not the deployer's.

Every trap raises when it is run by anybody but the roles that are to run it, so that
an engine that falls into one fails.
"""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors, sql

from tests.fixtures.cluster import Connect
from tests.stopgap.roles import APP, NOBODY, OPERATOR
from tests.stopgap.schema import (
    Connection,
    answering,
    bodies,
    deploy,
    rollback,
    rows,
    status,
    value,
)

pytestmark = pytest.mark.usefixtures("roles")

# What a trap does. `session_user` tells who logged in, `current_user` whose rights it
# would have had.
SPRING = "raise exception 'sprung as %', current_user"


@pytest.fixture
def deployer(connection: Connection, connect: Connect) -> Connection:
    """A deployer with a schema to write functions in and the language to write them."""
    connection.execute(
        sql.SQL(
            "grant usage on language plts to {0};"
            "create schema shop authorization {0};"
            "create schema trap authorization {0}"
        ).format(sql.Identifier(OPERATOR))
    )
    return connect(role=OPERATOR)


def write(deployer: Connection, name: str, code: str, attributes: str = "") -> None:
    """Write a source function with the deployer's own rights."""
    deployer.execute(
        sql.SQL(
            "create or replace function shop.{}(args jsonb) returns jsonb"
            " language plts {} as {}"
        ).format(sql.Identifier(name), sql.SQL(attributes), sql.Literal(code))
    )


def everything(deployer: Connection) -> None:
    """Run what those can run who may run everything."""
    first = deploy(deployer)
    write(deployer, "f", answering(2))
    write(deployer, "g", answering(2))
    deploy(deployer, options='{"prune": true}')
    value(deployer, "select stopgap.diff('prod', 'shop')")
    status(deployer)
    value(deployer, "select stopgap.deployments('prod')")
    value(deployer, "select stopgap.plan('prod', 'shop')")
    rollback(deployer)
    value(deployer, "select stopgap.activate('prod', %s)", first + 1)
    value(deployer, "select stopgap.repair('prod')")
    value(deployer, "select stopgap.promote('prod', 'staging')")
    bundle = value(deployer, "select stopgap.export_deployment('prod')::text")
    value(deployer, "select stopgap.import_deployment('copy', %s::jsonb)", bundle)
    value(deployer, "select stopgap.verify()")
    value(deployer, "select stopgap.gc()")


def test_a_module_is_not_evaluated_by_a_deploy(deployer: Connection) -> None:
    write(deployer, "f", "throw new Error('evaluated');\nexport default () => 1;")

    everything_but_calls = deploy(deployer)

    assert status(deployer)["active_deployment_id"] == everything_but_calls


def test_functions_and_operators_in_the_search_path_are_not_met(
    deployer: Connection,
) -> None:
    write(deployer, "f", answering(1))
    for name, arguments, result in [
        ("quote_ident", "text", "text"),
        ("format", "text, text", "text"),
        ("format_type", "oid, integer", "text"),
        ("jsonb_agg", "text", "jsonb"),
        ("current_setting", "text", "text"),
        ("pg_try_advisory_xact_lock", "integer, integer", "boolean"),
        ("obj_description", "oid, name", "text"),
        ("unnest", "oidvector", "oid"),
        ("clock_timestamp", "", "timestamptz"),
    ]:
        deployer.execute(
            f"create function trap.{name}({arguments}) returns {result}"
            f" language plpgsql as $$begin {SPRING}; end$$".encode()
        )
    for left, right in [
        ("text", "text"),
        ("oid", "oid"),
        ("name", "name"),
        ("name", "text"),
        ("bigint", "bigint"),
        ("boolean", "boolean"),
        ("jsonb", "text"),
    ]:
        deployer.execute(
            f"create function trap.spring({left}, {right}) returns boolean"
            f" language plpgsql as $$begin {SPRING}; end$$".encode()
        )
        for operator in ("=", "<>", "~", "||", "->", "->>"):
            deployer.execute(
                f"create operator trap.{operator} (leftarg = {left},"
                f" rightarg = {right}, function = trap.spring)".encode()
            )
    deployer.execute("set search_path = trap, shop, pg_catalog")

    everything(deployer)


def test_temporary_relations_are_not_met(deployer: Connection) -> None:
    write(deployer, "f", answering(1))
    for name in ("pg_proc", "pg_namespace", "pg_roles", "pg_locks", "pg_language"):
        deployer.execute(f"create temp view {name} as select 1 / 0 as oid".encode())
    for name in ("environment", "deployment", "artifact", "fn_version"):
        deployer.execute(f"create temp table {name} ()".encode())
    deployer.execute("set search_path = pg_temp, pg_catalog")

    everything(deployer)


def test_types_named_like_builtin_ones_are_not_taken_for_them(
    deployer: Connection,
) -> None:
    deployer.execute("create type trap.jsonb as (a int)")
    deployer.execute(
        "create function shop.mine(args trap.jsonb) returns trap.jsonb"
        " language plts as 'return args'"
    )
    write(deployer, "f", answering(1))

    deploy(deployer)

    assert bodies(deployer).keys() == {"f"}


@pytest.mark.parametrize("strings", ["on", "off"])
def test_hostile_texts_stay_texts(deployer: Connection, strings: str) -> None:
    deployer.execute(f"set standard_conforming_strings = {strings}".encode())
    hostile = "x\\'; create table public.owned (); -- \\"
    quoted = sql.SQL("E'x\\\\\\'; create table public.owned (); -- \\\\'")
    name = "f\"; create table public.owned (); --$$'\\"
    write(deployer, name, "export default () => 1; // \\'; drop schema shop; --")
    deployer.execute(
        sql.SQL("comment on function shop.{}(jsonb) is {}").format(
            sql.Identifier(name), quoted
        )
    )
    deployer.execute(
        sql.SQL("alter function shop.{}(jsonb) set work_mem = '4MB'").format(
            sql.Identifier(name)
        )
    )

    deploy(deployer, env="e'\"; --", label=hostile)
    schema = status(deployer, "e'\"; --")["live_schema"]

    assert bodies(deployer, '"' + schema.replace('"', '""') + '"').keys() == {name}
    comments = rows(
        deployer,
        "select obj_description(oid, 'pg_proc') from pg_proc"
        " where proname = %s and pronamespace <> 'shop'::regnamespace",
        name,
    )
    assert comments == [(hostile,)]
    assert value(deployer, "select to_regclass('public.owned')") is None


@pytest.mark.parametrize(
    "clause",
    ["set role = 'postgres'", "set session_authorization = 'postgres'"],
)
def test_a_set_clause_gives_nobody_another_role(
    deployer: Connection, connect: Connect, clause: str
) -> None:
    whoami = """export default async (ctx: Ctx<unknown>) => {
      const [row] = await ctx.db.query("select current_user::text as me");
      return row!.me;
    };"""
    try:
        write(deployer, "f", whoami, clause)
        deploy(deployer)
    except psycopg.Error as error:
        assert error.sqlstate in {"42501", "SG008", "SG005"}  # noqa: PT017
        return
    with pytest.raises(errors.InsufficientPrivilege):
        value(connect(role=APP), "select live_deployment.f('{}')")


def test_security_definer_functions_are_not_deployed(deployer: Connection) -> None:
    write(deployer, "f", answering(1))
    write(deployer, "owned", answering(1), "security definer")

    deploy(deployer)

    assert bodies(deployer).keys() == {"f"}
    (skipped,) = status(deployer)["active_deployment"]["manifest"]["skipped"]
    assert skipped["fn_name"] == "owned"
    assert rows(
        deployer,
        "select distinct prosecdef from pg_proc"
        " where pronamespace = 'live_deployment'::regnamespace",
    ) == [(False,)]


@pytest.mark.parametrize(
    "schema",
    [
        "pg_catalog",
        "pg_temp",
        "public",
        "information_schema",
        "shop",
        "plts",
        "stopgap",
    ],
)
def test_a_schema_of_others_does_not_become_a_live_schema(
    deployer: Connection, schema: str
) -> None:
    write(deployer, "f", answering(1))
    value(deployer, "select set_config('stopgap.live_schema', %s, false)", schema)

    with pytest.raises(psycopg.Error) as error:
        deploy(deployer)

    assert (error.value.sqlstate or "").startswith("SG")


def test_default_privileges_of_the_deployer_open_no_live_function(
    deployer: Connection, connect: Connect
) -> None:
    deployer.execute("alter default privileges grant execute on functions to public")
    with pytest.raises(errors.InsufficientPrivilege):
        deployer.execute(
            "alter default privileges for role stopgap_owner"
            " grant execute on functions to public"
        )
    write(deployer, "f", answering(1))
    deploy(deployer)

    with pytest.raises(errors.InsufficientPrivilege):
        value(connect(role=NOBODY), "select live_deployment.f('{}')")


def test_a_deployer_makes_no_event_trigger_and_no_trigger_on_the_tables(
    deployer: Connection,
) -> None:
    deployer.execute(
        f"create function trap.fire() returns event_trigger language plpgsql as"
        f" $$begin {SPRING}; end$$".encode()
    )
    deployer.execute(
        f"create function trap.row() returns trigger language plpgsql as"
        f" $$begin {SPRING}; end$$".encode()
    )

    with pytest.raises(errors.InsufficientPrivilege):
        deployer.execute(
            "create event trigger t on ddl_command_end execute function trap.fire()"
        )
    with pytest.raises(errors.InsufficientPrivilege):
        deployer.execute(
            "create trigger t before insert on stopgap.deployment"
            " for each row execute function trap.row()"
        )


def test_a_live_function_runs_with_its_callers_rights(
    connection: Connection, deployer: Connection, connect: Connect
) -> None:
    connection.execute(
        "create table public.secret (); revoke all on public.secret from public"
    )
    write(
        deployer,
        "peek",
        "export default async (ctx: Ctx<unknown>) =>"
        ' (await ctx.db.query("select count(*) from public.secret")).length;',
    )
    write(
        deployer,
        "escape",
        "export default async (ctx: Ctx<unknown>) =>"
        ' { await ctx.db.exec("reset role");'
        ' await ctx.db.exec("set role postgres"); };',
    )
    deploy(deployer)

    for name in ("peek", "escape"):
        with pytest.raises(errors.InsufficientPrivilege):
            value(connect(role=APP), f"select live_deployment.{name}('{{}}')")


def test_an_application_reads_no_deployed_code(
    connection: Connection, deployer: Connection, connect: Connect
) -> None:
    secret = "the recipe of the house"
    write(
        deployer,
        "f",
        f"const recipe = '{secret}';\nexport default function f() "
        "{ return f.toString() + Function.prototype.toString.call(f); }",
    )
    deploy(deployer)
    (pointer,) = bodies(deployer).values()
    app = connect(role=APP)

    answer = value(app, "select live_deployment.f('{}')")

    assert secret not in str(answer)
    assert secret not in pointer
    for query in (
        "select * from plts.artifact",
        "select plts.get_artifact((select prosrc::jsonb ->> 'artifact_hash'"
        " from pg_proc where pronamespace = 'live_deployment'::regnamespace))",
        "select manifest from stopgap.deployment",
        "select plts.artifact_source('live_deployment.f'::regproc)",
        "copy plts.artifact to stdout",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            rows(app, query)


def test_an_application_that_may_write_functions_imports_no_deployed_code(
    connection: Connection, deployer: Connection, connect: Connect
) -> None:
    write(
        deployer,
        "f",
        "export const recipe = 'secret';\nexport default () => recipe.length;",
    )
    deploy(deployer)
    hash_ = value(
        connection,
        "select artifact_hash from stopgap.fn_version where fn_name = 'f'",
    )
    connection.execute(f"grant usage on language plts to {APP}".encode())
    connection.execute(f"create schema app authorization {APP}".encode())
    steal = sql.SQL("create function app.steal() returns text language plts as {}")
    code = f'import {{ recipe }} from "plts+artifact:{hash_}";'
    code += "\nexport default () => recipe;"

    with pytest.raises(errors.InsufficientPrivilege):
        connect(role=APP).execute(steal.format(sql.Literal(code)))
