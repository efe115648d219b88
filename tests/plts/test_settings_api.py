"""`ctx.settings`: settings of the server, of extensions and of one's own."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, define, evaluate, fetch, refused


def test_value_is_the_servers_text(shared: Connection) -> None:
    shared.execute("set work_mem = '5MB'")

    body = "return [ctx.settings.get('work_mem'), ctx.settings.get('server_encoding')]"
    assert evaluate(shared, "text[]", body) == ["5MB", "UTF8"]


@pytest.mark.parametrize("name", ["no_such_setting", "app.nothing", ""])
def test_unknown_name_is_null(shared: Connection, name: str) -> None:
    assert evaluate(shared, "text", f"return ctx.settings.get('{name}')") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [("'x y'", "x y"), ("5", "5"), ("true", "on"), ("false", "off"), ("''", "")],
)
def test_own_setting_is_set(shared: Connection, value: str, text: str) -> None:
    body = f"ctx.settings.set('app.own', {value}); return ctx.settings.get('app.own')"

    assert evaluate(shared, "text", body) == text


def test_it_lasts_until_the_transaction_ends(session: Connection) -> None:
    define(session, "sets() returns void", "ctx.settings.set('app.tenant', '7')")
    with session.transaction():
        session.execute("select sets()")
        during = fetch(session, "select current_setting('app.tenant')")
    after = fetch(session, "select current_setting('app.tenant', true)")

    assert (during, after) == ("7", "")


def test_it_lasts_for_the_session_where_asked_for(session: Connection) -> None:
    define(
        session,
        "sets() returns void",
        "ctx.settings.set('app.tenant', '7', { local: false })",
    )
    session.execute("select sets()")

    assert fetch(session, "select current_setting('app.tenant')") == "7"


def test_it_goes_with_a_rollback(session: Connection) -> None:
    define(
        session,
        "sets() returns void",
        "ctx.settings.set('app.tenant', '7', { local: false })",
    )
    with session.transaction(force_rollback=True):
        session.execute("select sets()")

    assert fetch(session, "select current_setting('app.tenant', true)") in (None, "")


def test_null_sets_the_default(session: Connection) -> None:
    body = """
        ctx.settings.set("work_mem", "7MB");
        const set = ctx.settings.get("work_mem");
        ctx.settings.set("work_mem", null);
        return [set, ctx.settings.get("work_mem")]
    """

    assert evaluate(session, "text[]", body) == ["7MB", "4MB"]


def test_it_governs_the_statements_that_follow(session: Connection) -> None:
    body = """
        ctx.settings.set("search_path", "pg_catalog");
        const [row] = await ctx.db.query<any>("select current_schemas(false)::text s");
        return row.s
    """

    assert evaluate(session, "text", body) == "{pg_catalog}"


@pytest.mark.parametrize(
    ("name", "value", "sqlstate"),
    [
        ("work_mem", "'much'", "22023"),
        ("no_such_setting", "'x'", "42704"),
        ("port", "1", "55P02"),
        ("bad name", "'x'", "42704"),
    ],
)
def test_server_refuses_what_it_would_refuse(
    session: Connection, name: str, value: str, sqlstate: str
) -> None:
    with pytest.raises(Exception, match=r".") as raised:
        evaluate(session, "void", f"ctx.settings.set('{name}', {value})")

    assert getattr(raised.value, "sqlstate", None) in (sqlstate, "42602")


def test_privileges_are_the_callers(connection: Connection) -> None:
    connection.execute("create role plts_plain; grant usage on language plts to public")
    define(
        connection,
        "sets(name text, value text) returns void",
        "ctx.settings.set(name!, value)",
    )
    define(connection, "gets(name text) returns text", "return ctx.settings.get(name!)")
    connection.execute("set role plts_plain")
    try:
        with refused("42501"):
            connection.execute("select sets('log_statement', 'none')")
        with refused("42501"):
            connection.execute("select gets('data_directory')")
    finally:
        connection.execute("reset role")
        connection.execute("drop role plts_plain")


def test_refusal_is_caught_and_leaves_the_transaction(session: Connection) -> None:
    body = """
        try { ctx.settings.set("work_mem", "much") }
        catch (error: any) {
            return error.code + (await ctx.db.query<any>("select 1 as one"))[0].one
        }
        return "set"
    """

    assert evaluate(session, "text", body) == "220231"


@pytest.mark.parametrize("value", ["{}", "[]", "Symbol('x')", "5n", "(() => 1)"])
def test_what_is_no_value_is_a_type_error(shared: Connection, value: str) -> None:
    body = f"""
        try {{ ctx.settings.set("app.own", {value} as any) }}
        catch (error: any) {{ return error.name }}
        return "set"
    """

    assert evaluate(shared, "text", body) == "TypeError"


def test_query_handler_reads_and_sets(session: Connection) -> None:
    define(
        session,
        "reads(args jsonb) returns jsonb",
        'import { query } from "@stopgap/runtime";\n'
        "export default query((_args: any, ctx) => {"
        " ctx.settings.set('app.own', 'x'); return ctx.settings.get('app.own') });",
    )

    assert fetch(session, "select reads('{}')") == "x"


def test_function_s_own_set_clause_wins_at_its_end(session: Connection) -> None:
    define(
        session,
        "sets() returns text set work_mem = '6MB'",
        "const before = ctx.settings.get('work_mem');"
        "ctx.settings.set('work_mem', '7MB'); return before",
    )
    with session.transaction():
        inside = fetch(session, "select sets()")
        after = fetch(session, "show work_mem")

    assert (inside, after) == ("6MB", "4MB")
