"""Nothing grows with the number of calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plts.support import Connection, define, fetch

# What allocators and V8's heap may take on the way to a steady state.
TOLERANCE_MB = 12.0


def private_mb(connection: Connection) -> float:
    """Return the private memory of the connection's backend."""
    text = Path(f"/proc/{connection.info.backend_pid}/smaps_rollup").read_text()
    lines = [line.split() for line in text.splitlines()[1:]]
    kilobytes = {name: int(size) for name, size, *_ in lines}
    return (kilobytes["Private_Dirty:"] + kilobytes["Private_Clean:"]) / 1024


PROGRAMS = {
    "int": ("int", "n", "return n + 1"),
    "text": ("text", "repeat('x', 1000)", "return n + 'x'"),
    "jsonb": ("jsonb", '\'{"a":[1,2,3],"b":"text"}\'', "return { ...n, c: 1 }"),
    "document": (
        "jsonb",
        "jsonb_build_object('a', g, 'b', repeat('x', 9000), 'c', array[g, g])",
        "n.a; return { a: n.b.length, c: n.c }",
    ),
    "json": ("json", "'{\"a\":[9007199254740993,2,3]}'", "return n"),
    "numeric": ("numeric", "12345.678", "return n"),
    "int[]": ("int[]", "'{1,2,3}'", "return [...n, 4]"),
    "timestamptz": ("timestamptz", "now()", "return n"),
    "bytea": ("bytea", "'\\x0102030405'", "return n"),
    "async": ("int", "n", "await null; return n"),
    "ctx": ("int", "n", "return ctx.args.length + n"),
    "caught": ("int", "n", "try { throw new Error('x') } catch { return n }"),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_calls_do_not_grow_the_session(session: Connection, program: str) -> None:
    sql_type, argument, body = PROGRAMS[program]
    define(session, f"f(n {sql_type}) returns {sql_type} strict", body)
    argument = "g" if argument == "n" else argument
    statement = f"select count(f({argument})) from generate_series(1, %s) g"
    fetch(session, statement, [30_000])
    before = private_mb(session)

    fetch(session, statement, [100_000])

    assert private_mb(session) - before < TOLERANCE_MB


STATEMENTS = {
    "documents": (
        "return ctx.db.sync.query<any>(`select jsonb_build_object('a', repeat('x',"
        " 9000), 'n', ${n}) as d`)[0].d.n"
    ),
    "query": "return ctx.db.sync.query<any>('select $1::int as a', [n])[0].a",
    "awaited": "return (await ctx.db.query<any>('select $1::int as a', [n]))[0].a",
    "caught error": "try { ctx.db.sync.query('select 1/0') } catch {} return n",
    "another text each time": "ctx.db.sync.query(`select ${n} as a`); return n",
    "temporary table": (
        "ctx.db.sync.exec('create temp table if not exists t (a int); drop "
        "table t'); return n"
    ),
}


@pytest.mark.parametrize("program", STATEMENTS)
def test_statements_do_not_grow_the_session(session: Connection, program: str) -> None:
    define(session, "f(n int) returns int strict", STATEMENTS[program])
    calls = 300 if program == "temporary table" else 6_000

    def run() -> None:
        # A subtransaction each: not all in one transaction.
        for _ in range(10):
            fetch(
                session,
                "select count(f(g)) from generate_series(1, %s) g",
                [calls // 10],
            )

    run()
    before = private_mb(session)
    run()

    assert private_mb(session) - before < TOLERANCE_MB


def test_errors_do_not_grow_the_session(session: Connection) -> None:
    define(session, "f() returns int", "throw new Error('x'.repeat(10_000))")
    session.execute(
        "create function tries(n int) returns void language plpgsql as $$ begin "
        "for i in 1..n loop begin perform f(); exception when others then null; end; "
        "end loop; end $$"
    )
    fetch(session, "select tries(3000)")
    before = private_mb(session)

    fetch(session, "select tries(10000)")

    assert private_mb(session) - before < TOLERANCE_MB


def test_replacements_do_not_grow_the_session(session: Connection) -> None:
    def run(start: int) -> None:
        for number in range(start, start + 100):
            define(session, "f() returns int", f"return {number}")
            fetch(session, "select f()")

    # The compiler's heap rises and falls by some 10 MB between its collections.
    for start in (0, 100, 200):
        run(start)
    before = private_mb(session)

    for start in (300, 400):
        run(start)

    assert private_mb(session) - before < 2 * TOLERANCE_MB


def test_isolation_by_call_does_not_grow_the_session(session: Connection) -> None:
    define(session, "f(n int) returns int strict", "return n")
    session.execute("set plts.isolation = call")
    statement = "select count(f(g)) from generate_series(1, %s) g"
    fetch(session, statement, [300])
    before = private_mb(session)

    fetch(session, statement, [600])

    assert private_mb(session) - before < 4 * TOLERANCE_MB
