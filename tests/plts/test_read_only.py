"""Handlers made by `query` cannot write, whatever they call."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, define, fetch, refused

SCHEMA = """
create table t (a int);
create sequence s;
create function writes() returns int language plpgsql as
    $$ begin insert into t values (1); return 1; end $$;
create function sets_rw() returns int language plpgsql as
    $$ begin perform set_config('transaction_read_only', 'off', true);
       insert into t values (1); return 1; end $$;
create function locks() returns int language sql as
    $$ select a from t for update $$;
"""

READER = """
    import {{ query }} from "@stopgap/runtime";
    export default query(async (_args: any, ctx) => {{
        {body}
    }});
"""


@pytest.fixture
def tables(session: Connection) -> Connection:
    """A session on a database of its own with something to write to."""
    session.execute(SCHEMA)
    return session


def define_reader(connection: Connection, body: str, name: str = "reads") -> None:
    """Create a function whose handler was made by `query`."""
    define(connection, f"{name}(args jsonb) returns jsonb", READER.format(body=body))


WRITES = {
    "insert": "insert into t values (1)",
    "update": "update t set a = 1",
    "delete": "delete from t",
    "create": "create table u (a int)",
    "writing CTE": "with w as (insert into t values (1) returning a) select * from w",
    "volatile function": "select writes()",
    "volatile function in FROM": "select * from writes()",
    "turned off by a function": "select sets_rw()",
    "turned off by SET": "set transaction_read_only = off; insert into t values (1)",
    "set_config": "select set_config('transaction_read_only', 'off', true); "
    "insert into t values (1)",
    "do": "do $d$ begin insert into t values (1); end $d$",
    "select into": "select 1 as a into u",
    "nextval": "select nextval('s')",
    "setval": "select setval('s', 5)",
    "row lock": "select * from t for update",
    "truncate": "truncate t",
    "grant": "grant select on t to public",
    "comment": "comment on table t is 'x'",
    "analyze": "analyze t",
    "nested plts function": "select nested_writer()",
    "large object": "select lo_create(0)",
    "set transaction": "set transaction read write; insert into t values (1)",
    "writable temp table by function": "select makes_temp()",
}


@pytest.mark.parametrize("sync", ["await ctx.db", "ctx.db.sync"], ids=["async", "sync"])
@pytest.mark.parametrize("statement", WRITES.values(), ids=WRITES.keys())
def test_query_handler_cannot(tables: Connection, statement: str, sync: str) -> None:
    tables.execute("insert into t values (0)")
    define(
        tables,
        "nested_writer() returns int",
        "await ctx.db.exec('insert into t values (1)'); return 1",
    )
    tables.execute(
        "create function makes_temp() returns int language plpgsql as $f$ begin "
        "create temp table made (a int); insert into made values (1); return 1; end $f$"
    )
    define_reader(tables, f"{sync}.exec({statement!r}); return null")

    with pytest.raises(Exception, match=r".") as raised:
        fetch(tables, "select reads('{}')")

    assert getattr(raised.value, "sqlstate", None) in ("25006", "25001", "0A000")
    assert fetch(tables, "select array_agg(a) from t") == [0]
    assert fetch(tables, "select is_called from s") is False
    assert fetch(tables, "select to_regclass('u')") is None


def test_caught_refusal_writes_nothing_either(tables: Connection) -> None:
    define_reader(
        tables,
        """
        const codes: string[] = [];
        const statements =
            ["insert into t values (1)", "select writes()", "select sets_rw()"];
        for (const sql of statements) {
            try { await ctx.db.exec(sql) } catch (e: any) { codes.push(e.code) }
        }
        return codes
        """,
    )

    assert fetch(tables, "select reads('{}')") == ["25006", "25006", "25001"]
    assert fetch(tables, "select count(*) from t") == 0


def test_query_handler_reads(tables: Connection) -> None:
    tables.execute("insert into t values (1), (2)")
    define_reader(tables, "return await ctx.db.query('select a from t order by a')")

    assert fetch(tables, "select reads('{}')") == [{"a": 1}, {"a": 2}]


def test_query_handler_reads_what_its_transaction_wrote(tables: Connection) -> None:
    define_reader(tables, "return await ctx.db.query('select a from t order by a')")

    with tables.transaction():
        tables.execute("insert into t values (7)")
        rows = fetch(tables, "select reads('{}')")

    assert rows == [{"a": 7}]


def test_query_handler_in_a_transaction_that_wrote_cannot_write(
    tables: Connection,
) -> None:
    define_reader(tables, "await ctx.db.exec('select writes()'); return 1")

    with refused("25006"), tables.transaction():
        tables.execute("insert into t values (7)")
        fetch(tables, "select reads('{}')")

    assert fetch(tables, "select count(*) from t") == 0


def test_modes_are_told(tables: Connection) -> None:
    define_reader(tables, "return ctx.db.mode")
    define(tables, "writes_ts(args jsonb) returns jsonb", "return ctx.db.mode")

    assert fetch(tables, "select reads('{}')") == "ro"
    assert fetch(tables, "select writes_ts('{}')") == "rw"


def test_mutation_called_by_a_query_is_read_only(tables: Connection) -> None:
    define(
        tables,
        "mutates(args jsonb) returns jsonb",
        'import { mutation } from "@stopgap/runtime";\n'
        "export default mutation(async (_a: any, ctx) => {\n"
        "  await ctx.db.exec('insert into t values (1)'); return 1 })",
    )
    define_reader(tables, "return await ctx.db.query(\"select mutates('{}')\")")

    with refused("25006"):
        fetch(tables, "select reads('{}')")
    tables.execute("select mutates('{}')")

    assert fetch(tables, "select count(*) from t") == 1


@pytest.mark.parametrize(
    "body",
    [
        "return 1",
        "throw new Error('x')",
        "await ctx.db.query('select 1/0'); return 1",
        "await ctx.db.exec('insert into t values (1)'); return 1",
        "await new Promise(() => {}); return 1",
        "for (;;) {}",
        "return () => 1",
    ],
)
def test_transaction_mode_is_restored(tables: Connection, body: str) -> None:
    define_reader(tables, body)
    with tables.transaction():
        tables.execute("set local plts.max_runtime_ms = 300")
        tables.execute("savepoint a")
        try:
            tables.execute("select reads('{}')")
        except Exception:
            tables.execute("rollback to savepoint a")

        tables.execute("insert into t values (5)")
        mode = fetch(tables, "show transaction_read_only")

    assert mode == "off"
    assert fetch(tables, "select array_agg(a) from t") == [5]


def test_caller_in_the_same_statement_still_writes(tables: Connection) -> None:
    define_reader(tables, "return 3")

    tables.execute("insert into t select reads('{}')::int from generate_series(1, 2)")

    assert fetch(tables, "select array_agg(a) from t") == [3, 3]


def test_read_only_transaction_stays_read_only(tables: Connection) -> None:
    define_reader(tables, "return 1")
    define(
        tables,
        "writes_ts() returns int",
        "await ctx.db.exec('insert into t values (1)'); return 1",
    )

    with refused("25006"), tables.transaction():
        tables.execute("set transaction read only")
        tables.execute("select reads('{}')")
        tables.execute("select writes_ts()")


@pytest.mark.parametrize("volatility", ["stable", "immutable"])
def test_function_that_is_not_volatile_cannot_write(
    tables: Connection, volatility: str
) -> None:
    define(
        tables,
        f"steady() returns int {volatility}",
        "await ctx.db.exec('insert into t values (1)'); return 1",
    )

    with refused("0A000"):
        fetch(tables, "select steady()")


def test_stable_function_sees_the_snapshot_of_its_statement(tables: Connection) -> None:
    body = "return ctx.db.sync.query('select a from t').length"
    define(tables, "count_stable() returns int stable", body)
    define(tables, "count_volatile() returns int", body)

    row = tables.execute(
        "with w as (select writes() from generate_series(1, 3)) "
        "select (select count(*) from w), count_stable(), count_volatile()"
    ).fetchone()

    assert row == (3, 0, 3)


def test_read_only_is_of_the_call_not_of_the_object(tables: Connection) -> None:
    define_reader(
        tables,
        """
        (ctx.db as any).constructor;
        try { (ctx.db as any).mode = "rw" } catch {}
        try { Object.defineProperty(ctx.db, "mode", { value: "rw" }) } catch {}
        await ctx.db.exec("insert into t values (1)");
        return 1
        """,
    )

    with refused("25006"):
        fetch(tables, "select reads('{}')")
