"""Settings: what pg_settings says of them, and what they limit."""

from __future__ import annotations

import psycopg
import pytest

from tests.plts.support import Connection, evaluate, fetch, refused

SETTINGS = {
    "plts.isolation": ("session", "user", "enum"),
    "plts.jit": ("on", "postmaster", "bool"),
    "plts.log_level": ("warn", "superuser", "enum"),
    "plts.max_heap_mb": ("256", "superuser", "integer"),
    "plts.max_roles_kept": ("32", "superuser", "integer"),
    "plts.max_params": ("65535", "superuser", "integer"),
    "plts.max_query_rows": ("0", "superuser", "integer"),
    "plts.max_runtime_ms": ("0", "superuser", "integer"),
    "plts.cancel_grace_ms": ("2000", "superuser", "integer"),
    "plts.max_sql_bytes": ("0", "superuser", "integer"),
    "plts.prewarm": ("off", "postmaster", "bool"),
}


def test_settings_are_those_of_the_design(shared: Connection) -> None:
    rows = shared.execute(
        "select name, boot_val, context, vartype from pg_settings where name "
        "~ '^plts[.]'"
    ).fetchall()

    assert {row[0]: row[1:] for row in rows} == SETTINGS


def test_each_has_a_description(shared: Connection) -> None:
    missing = shared.execute(
        "select name from pg_settings where name ~ '^plts[.]' and "
        "coalesce(short_desc, '') = ''"
    ).fetchall()

    assert missing == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("plts.max_heap_mb", "0"),
        ("plts.max_roles_kept", "0"),
        ("plts.max_heap_mb", "-1"),
        ("plts.max_heap_mb", "1e9"),
        ("plts.max_heap_mb", "many"),
        ("plts.max_params", "65536"),
        ("plts.max_params", "-1"),
        ("plts.max_runtime_ms", "-1"),
        ("plts.cancel_grace_ms", "9"),
        ("plts.max_sql_bytes", "-1"),
        ("plts.max_query_rows", "-1"),
        ("plts.log_level", "loud"),
        ("plts.isolation", "none"),
    ],
)
def test_bad_value_is_refused(shared: Connection, setting: str, value: str) -> None:
    with refused("22023"):
        shared.execute("select set_config(%s, %s, false)", [setting, value])


@pytest.mark.parametrize("setting", ["plts.jit", "plts.prewarm"])
def test_setting_of_the_postmaster_cannot_be_changed(
    shared: Connection, setting: str
) -> None:
    with refused("55P02"):
        shared.execute(f"set {setting} = off".encode())


def test_unknown_setting_is_refused(shared: Connection) -> None:
    with pytest.raises(psycopg.Error):
        shared.execute("set plts.max_runtimes = 1")


def test_sql_bytes_at_the_edge(session: Connection) -> None:
    session.execute("set plts.max_sql_bytes = 10")

    assert evaluate(session, "json", "return ctx.db.query('select   1')") is not None
    with refused("54000"):
        evaluate(session, "json", "return ctx.db.query('select    1')")
    with refused("54000"):
        evaluate(session, "json", "return ctx.db.query(\"select 'é'\")")


def test_sql_bytes_error_is_catchable(session: Connection) -> None:
    session.execute("set plts.max_sql_bytes = 10")
    body = (
        "try { ctx.db.sync.query('select    1') } catch (e: any) { return e.code "
        "} return ''"
    )

    assert evaluate(session, "text", body) == "54000"


def test_params_at_the_edge(session: Connection) -> None:
    session.execute("set plts.max_params = 2")

    assert evaluate(
        session,
        "json",
        "return ctx.db.query('select $1::int as a, $2::int as b', [1, 2])",
    )
    with refused("54000"):
        evaluate(
            session,
            "json",
            "return ctx.db.query('select $1::int, $2::int, $3::int', [1, 2, 3])",
        )


def test_very_many_params(session: Connection) -> None:
    body = """
        const values = Array.from({ length: 5000 }, (_, i) => i);
        const terms = values.map((i) => `$${i + 1}::int`).join(' + ');
        const sql = `select ${terms} as sum`;
        return (await ctx.db.query<any>(sql, values))[0].sum
    """
    # So many operators are deeper than the default stack.
    session.execute("set max_stack_depth = '6MB'")

    try:
        assert evaluate(session, "int", body) == sum(range(5000))
    except psycopg.errors.StatementTooComplex:
        pytest.skip("the stack of this machine is too small for the statement")


def test_query_rows_at_the_edge(session: Connection) -> None:
    session.execute("set plts.max_query_rows = 3")
    body = "return ctx.db.query('select generate_series(1, {})')"

    assert len(evaluate(session, "json", body.format(3))) == 3
    with refused("54000") as refusal:
        evaluate(session, "json", body.format(4))
    assert "cursor" in refusal.hint


def test_query_rows_do_not_limit_exec(session: Connection) -> None:
    session.execute("set plts.max_query_rows = 3")
    session.execute("create table t (a int)")
    body = "return ctx.db.exec('insert into t select generate_series(1, 10)')"

    assert evaluate(session, "json", body) == {"ok": True, "rowCount": 10}


def test_query_past_the_limit_writes_nothing(session: Connection) -> None:
    session.execute("set plts.max_query_rows = 3")
    session.execute("create table t (a int)")
    body = """
        const sql = 'insert into t select generate_series(1, 10) returning a';
        try { await ctx.db.query(sql) }
        catch (e: any) { return e.code }
        return 'ran'
    """

    assert evaluate(session, "text", body) == "54000"
    assert fetch(session, "select count(*) from t") == 0


def test_changed_heap_limit_takes_effect(session: Connection) -> None:
    body = "return new Uint8Array(40 * 1024 * 1024).length"
    session.execute("set plts.max_heap_mb = 32")
    with refused("38000"):
        evaluate(session, "int", body)

    session.execute("set plts.max_heap_mb = 128")

    assert evaluate(session, "int", body) == 40 * 1024 * 1024


def test_heap_limit_holds_within_one_function_for_buffers(
    session: Connection,
) -> None:
    session.execute("set plts.max_heap_mb = 64")
    body = """
        const kept: Uint8Array[] = [];
        try { for (;;) kept.push(new Uint8Array(1024 * 1024)) }
        catch (e) { return kept.length }
    """

    assert evaluate(session, "int", body) <= 64


def test_smallest_heap_works(session: Connection) -> None:
    session.execute("set plts.max_heap_mb = 16")

    assert evaluate(session, "int", "return [1, 2, 3].map((n) => n * 2).length") == 3
