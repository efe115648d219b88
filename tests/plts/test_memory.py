"""Nothing grows with the number of calls."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.plts.support import Connection, OpenSession, define, fetch

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


# What of our own memory contexts may still move: the first of its kind, a hash table.
TOLERANCE_BYTES = 64 * 1024


def own_bytes(connection: Connection) -> int:
    """Return what plts's memory contexts in PostgreSQL have allocated."""
    return int(
        fetch(
            connection,
            "select coalesce(sum(total_bytes), 0) from pg_backend_memory_contexts "
            "where name like 'plts%%'",
        )
    )


ERRORS = {
    "statement": "ctx.db.sync.query('select 1/0')",
    "awaited statement": "await ctx.db.query('select 1/0')",
    "syntax": "ctx.db.sync.query('selekt')",
    "parameter": "ctx.db.sync.query('select $1::int', ['x'])",
    "constraint": "ctx.db.sync.query(\"select 'x'::word\")",
    "raise": "ctx.db.sync.exec(\"do $$ begin raise exception 'x' using detail = 'd', "
    "hint = 'h', column = 'c', constraint = 'n'; end $$\")",
    "inner call": "ctx.db.sync.query('select g()')",
    "limit": "ctx.db.sync.query('select x', ['one too many'])",
}


@pytest.mark.parametrize("caught", [True, False], ids=["caught", "uncaught"])
@pytest.mark.parametrize("program", ERRORS)
def test_errors_of_statements_leave_no_memory(
    session: Connection, program: str, caught: bool
) -> None:
    session.execute("create domain word as text check (length(value) > 1)")
    define(session, "g() returns int", "throw new RangeError('of g')")
    body = ERRORS[program]
    if caught:
        body = f"try {{ {body} }} catch {{}}"
    define(session, "f() returns int", f"{body}; return 1")
    session.execute(
        "create function tries(n int) returns void language plpgsql as $$ begin "
        "for i in 1..n loop begin perform f(); exception when others then null; end; "
        "end loop; end $$"
    )
    fetch(session, "select tries(500)")
    before = own_bytes(session)

    for _ in range(4):
        fetch(session, "select tries(500)")

    assert own_bytes(session) - before < TOLERANCE_BYTES


@pytest.mark.parametrize("wrong", ["'x' as any", "{ a: 'x' } as any"])
def test_errors_of_results_leave_no_memory(session: Connection, wrong: str) -> None:
    session.execute("create type pair as (a int, b text)")
    define(session, "f() returns pair", f"return {wrong}")
    before = 0
    for number in range(1500):
        if number == 500:
            before = own_bytes(session)
        with pytest.raises(psycopg.Error):
            session.execute("select f()")

    assert own_bytes(session) - before < TOLERANCE_BYTES


TEMPORARY = {
    "result": (
        "create or replace function make() returns setof t stable language plts "
        "as 'return [{ a: 1, p: null }]'",
        "select count(*) from make()",
        "drop function make()",
    ),
    "rows": (None, "select read('select t from t')", None),
    "array": (None, "select read('select array[t, t] from t')", None),
    "columns": (None, "select read('select a, p from t')", None),
    "parameter": (None, "select read('select ($1::t)::text', '{\"a\": 1}')", None),
    "polymorphic": (None, "select poly(t) from t", None),
    "trigger": (
        "create trigger touches before insert on t for each row "
        "execute function touch()",
        "insert into t values (1, (1, 2))",
        None,
    ),
}


@pytest.mark.parametrize("use", TEMPORARY)
def test_tables_that_are_made_again_leave_no_memory(
    session: Connection, use: str
) -> None:
    prepare, statement, finish = TEMPORARY[use]
    session.execute("create type pair as (x int, y int)")
    define(
        session,
        "read(query text, parameter json = null) returns int",
        "return ctx.db.sync.query(query!, parameter ? [parameter] : []).length",
    )
    define(session, "poly(x anyelement) returns text", "return String(x)")
    define(
        session, "touch() returns trigger", "ctx.trigger.new!.a = ctx.trigger.new!.p.x"
    )

    def run(count: int) -> None:
        for _ in range(count):
            session.execute("create temporary table t (a int, p pair)")
            if prepare is not None:
                session.execute(prepare.encode())
            session.execute("insert into t values (1, (1, 2))")
            session.execute(statement.encode())
            if finish is not None:
                session.execute(finish.encode())
            session.execute("drop table t cascade")

    run(60)
    before = own_bytes(session)
    run(120)

    assert own_bytes(session) - before < TOLERANCE_BYTES


def test_tables_of_other_sessions_leave_no_memory(
    session: Connection, open_session: OpenSession
) -> None:
    session.execute("create type pair as (a int, b text)")
    define(
        session,
        "f(p pair) returns pair",
        "return ctx.db.sync.query<any>('select $1::pair as p', [p])[0].p",
    )
    other = open_session()
    call = "select f(row(1, 'x'))::text"
    fetch(session, call)
    before = own_bytes(session)

    for _ in range(200):
        other.execute("create temporary table t (a int, p pair)")
        assert fetch(session, call) == "(1,x)"
        other.execute("drop table t")

    assert own_bytes(session) - before < TOLERANCE_BYTES


def test_types_of_many_lengths_leave_little_memory(session: Connection) -> None:
    # Some two thousand are kept, of a kilobyte and a half each.
    define(
        session,
        "f(n int) returns int",
        "return ctx.db.sync.query(`select 'x'::varchar(${n})`).length",
    )
    statement = "select count(f(g)) from generate_series(%s::int, %s) g"
    fetch(session, "select f(1)")
    before = own_bytes(session)

    fetch(session, statement, [1, 10_000])

    assert own_bytes(session) - before < 5 * 1024 * 1024


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
