"""Set-returning functions: every iterable, row by row, and what ends one half way."""

from __future__ import annotations

import pytest

from tests.plts.support import (
    Connection,
    OpenSession,
    define,
    fetch,
    metrics,
    notices,
    refused,
)
from tests.plts.waiting import Running, eventually

ROWS = "returns table(n int, t text)"
ONE_AND_TWO = [(1, "one"), (2, "two")]


def rows(connection: Connection, statement: str) -> list[tuple[object, ...]]:
    """Run a statement and return its rows."""
    return connection.execute(statement.encode()).fetchall()


@pytest.mark.parametrize(
    "body",
    [
        "return [1, 2, 3]",
        "return new Set([1, 2, 3])",
        "return new Map([['a', 1], ['b', 2], ['c', 3]]).values()",
        "return Int32Array.of(1, 2, 3)",
        "yield 1; yield* [2, 3]",
        "for (let i = 1; i <= 3; i++) yield i",
        "return (function* () { yield 1; yield* [2, 3] })()",
        "return { [Symbol.iterator]: () => [1, 2, 3].values() }",
        "return await Promise.resolve([1, 2, 3])",
        "yield await Promise.resolve(1); yield 2; yield 3",
        "for await (const n of [1, Promise.resolve(2), 3]) yield n",
        "return (async function* () { yield* [1, 2, 3] })()",
        "const [a] = await ctx.db.query<{ n: number }>('select 1 as n');"
        " return [a!.n, 2, 3]",
        "export default () => [1, 2, 3]",
        "export default function* () { yield* [1, 2, 3] }",
        "export default async function* () { yield* [1, 2, 3] }",
        "import { query } from '@stopgap/runtime';"
        "export default query(() => new Set([1, 2, 3]))",
        "export default () => [1, Promise.resolve(2), 3]",
    ],
)
def test_iterable_gives_its_rows(shared: Connection, body: str) -> None:
    define(shared, "numbers() returns setof int", body)

    assert rows(shared, "select * from numbers()") == [(1,), (2,), (3,)]


def test_table_rows_are_objects_by_column_name(shared: Connection) -> None:
    define(
        shared,
        f"pairs() {ROWS}",
        "yield { n: 1, t: 'one' }; yield { t: 'two', n: 2 }",
    )

    assert rows(shared, "select * from pairs()") == ONE_AND_TWO


def test_out_parameters_give_the_columns_of_a_set(shared: Connection) -> None:
    define(
        shared,
        "pairs_out(start int, out n int, out t text) returns setof record",
        "return [{ n: start, t: 'one' }, { n: 2, t: 'two' }]",
    )

    assert rows(shared, "select * from pairs_out(1)") == ONE_AND_TWO


@pytest.mark.parametrize(
    "head", ["returns table(n int)", "(out n int) returns setof int"]
)
def test_one_output_column_gives_the_value_itself(
    shared: Connection, head: str
) -> None:
    name = "one_column" if head.startswith("(") else "one_column()"
    define(shared, f"{name} {head}", "yield 1; yield null")

    assert rows(shared, "select * from one_column()") == [(1,), (None,)]
    shared.execute("drop function one_column")


def test_set_of_a_table_gives_its_rows(session: Connection) -> None:
    session.execute("create table item (n int, gone int, t text)")
    session.execute("alter table item drop column gone")
    define(
        session,
        "items() returns setof item",
        "return [{ n: 1, t: 'one' }, null, { n: 2, t: 'two' }]",
    )

    assert rows(session, "select * from items()") == [
        (1, "one"),
        (None, None),
        (2, "two"),
    ]


def test_set_follows_a_changed_row_type(session: Connection) -> None:
    session.execute("create type pair as (a int)")
    define(session, "pairs() returns setof pair", "export default () => [{a: 1, b: 2}]")
    with refused("42703"):
        session.execute("select * from pairs()")

    session.execute("alter type pair add attribute b int")

    assert rows(session, "select * from pairs()") == [(1, 2)]


def test_set_of_records_takes_the_columns_of_the_call(shared: Connection) -> None:
    define(
        shared,
        "anything() returns setof record",
        "yield { n: 1, t: 'one' }; yield { n: 2, t: 'two' }",
    )

    assert rows(shared, "select * from anything() as r(n int, t text)") == ONE_AND_TWO
    assert rows(shared, "select * from anything() as r(t text, x float8, n int)") == [
        ("one", None, 1),
        ("two", None, 2),
    ]


@pytest.mark.parametrize("value", ["2", "[2]", "[]", "''", "0", "false"])
@pytest.mark.parametrize("kind", ["function*", "async function*"])
def test_a_value_that_a_generator_returns_is_no_row(
    shared: Connection, kind: str, value: str
) -> None:
    define(
        shared,
        "ending() returns setof int",
        f"export default {kind} () {{ yield 1; return {value} as any }}",
    )

    with refused("38000") as refusal:
        rows(shared, "select * from ending()")

    assert "yield it" in refusal.message


@pytest.mark.parametrize("value", ["", "undefined", "null"])
def test_a_generator_may_return_nothing(shared: Connection, value: str) -> None:
    define(
        shared,
        "ending() returns setof int",
        f"yield 1; if (1 < 2) return {value} as any; yield 2"
        if value
        else "yield 1; if (1 < 2) return; yield 2",
    )

    assert rows(shared, "select * from ending()") == [(1,)]


def test_set_of_records_without_columns_is_refused(shared: Connection) -> None:
    define(shared, "nameless() returns setof record", "yield { n: 1 }")

    with refused("0A000") as refusal:
        shared.execute("select nameless()")

    assert "list of their columns" in refusal.message
    assert "RETURNS TABLE" in refusal.hint


@pytest.mark.parametrize(
    ("type_", "body", "expected"),
    [
        ("text", "return ['a', null, 'b']", ["a", None, "b"]),
        ("jsonb", "return [{ a: 1 }, [2], 'x', null]", [{"a": 1}, [2], "x", None]),
        ("int[]", "yield [1, 2]; yield []", [[1, 2], []]),
        ("bytea", "yield Uint8Array.of(1)", [b"\x01"]),
        ("positive", "yield 1; yield 2", [1, 2]),
        ("bigint", "yield 2n ** 62n", [2**62]),
    ],
)
def test_rows_of_a_scalar_type(
    session: Connection, type_: str, body: str, expected: list[object]
) -> None:
    session.execute("create domain positive as int check (value > 0)")
    define(session, f"scalars() returns setof {type_}", body)

    assert [row[0] for row in rows(session, "select scalars()")] == expected


def test_domain_over_a_row_is_checked_in_each_row(session: Connection) -> None:
    session.execute("create type span as (a int, b int)")
    session.execute(
        "create domain ordered as span check ((value).a <= (value).b)",
    )
    define(
        session,
        "spans(last int) returns setof ordered strict",
        "yield { a: 1, b: 2 }; yield { a: 1, b: last }",
    )

    assert rows(session, "select * from spans(1)") == [(1, 2), (1, 1)]
    with refused("23514"):
        session.execute("select * from spans(0)")


@pytest.mark.parametrize("rest", ["[]", "new Set<number>()", "(function* () {})()"])
def test_an_empty_iterable_is_no_rows(shared: Connection, rest: str) -> None:
    define(shared, "nothing() returns setof int", f"return {rest}")

    assert rows(shared, "select * from nothing()") == []


@pytest.mark.parametrize(
    "statement",
    [
        "select numbers(3)",
        "select n from numbers(3) as n",
        "select n from generate_series(3, 3) as s, lateral numbers(s) as n",
        "select * from rows from (numbers(3))",
        "select n from numbers(3) with ordinality as t(n, o)",
        "values (1), (2), (3) order by 1",
        "select unnest(array(select numbers(3)))",
        "with n as (select numbers(3) as n) select n from n",
    ],
)
def test_place_where_a_set_can_be_called(shared: Connection, statement: str) -> None:
    define(
        shared,
        "numbers(last int) returns setof int strict",
        "for (let i = 1; i <= last; i++) yield i",
    )

    assert rows(shared, statement) == [(1,), (2,), (3,)]


def test_strict_set_of_null_is_empty(shared: Connection) -> None:
    define(shared, "upto(n int) returns setof int strict", "yield n")

    assert rows(shared, "select * from upto(null)") == []


def test_set_in_a_row_context_is_refused(shared: Connection) -> None:
    define(shared, "many() returns setof int", "yield 1")

    with refused("0A000"):
        shared.execute("select 1 where many() = 1")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("'abc'", "returned a string"),
        ("new String('abc')", "returned a string"),
        ("5", "type number that is not iterable"),
        ("{ n: 1 }", "type object that is not iterable"),
        ("undefined", "returned nothing"),
        ("null", "returned null"),
    ],
)
def test_result_that_is_no_set_is_refused(
    shared: Connection, value: str, said: str
) -> None:
    define(
        shared,
        "no_set() returns setof text",
        f"export default (): any => ({value})",
    )

    with refused("42804") as refusal:
        shared.execute("select no_set()")

    assert refusal.message.startswith("function public.no_set returns a set, but ")
    assert said in refusal.message
    assert "yield" in refusal.hint


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("setof int", "return 1"),
        ("setof int", "return ['a']"),
        ("setof int", "yield 'a'"),
        ("setof int", "yield await Promise.resolve('a')"),
        ("setof int", "return await Promise.resolve(1)"),
        ("setof text", "return 'abc'"),
        ("table(n int, t text)", "yield { n: 1 }"),
        ("table(n int, t text)", "return [{ n: 1, t: 2 }]"),
    ],
)
def test_plain_body_must_give_rows_of_the_type(
    shared: Connection, head: str, body: str
) -> None:
    with refused("42P13") as refusal:
        define(shared, f"misfit() returns {head}", body)

    assert refusal.message.startswith("TS2")


@pytest.mark.parametrize(
    "body",
    ["yield 1", "yield await 1", "export default function* () { yield 1 }"],
)
def test_yield_in_a_function_that_returns_one_value_is_refused(
    shared: Connection, body: str
) -> None:
    with refused("42P13") as refusal:
        define(shared, "not_a_set() returns int", body)

    assert "does not return a set" in refusal.message
    assert "SETOF" in refusal.hint


def test_statements_run_between_rows(session: Connection) -> None:
    session.execute("create table seen (n int)")
    define(
        session,
        "counting() returns setof bigint",
        "for (let i = 0; i < 3; i++) {\n"
        "  ctx.db.sync.exec('insert into seen values ($1)', [i]);\n"
        "  const [row] = ctx.db.sync.query<{ c: bigint }>("
        "'select count(*) as c from seen');\n"
        "  yield row!.c;\n"
        "}",
    )
    define(
        session,
        "awaiting() returns setof bigint",
        "for (let i = 0; i < 3; i++) {\n"
        "  await ctx.db.exec('insert into seen values ($1)', [i]);\n"
        "  const [row] = await ctx.db.query<{ c: bigint }>("
        "'select count(*) as c from seen');\n"
        "  yield row!.c;\n"
        "}",
    )

    assert rows(session, "select counting()") == [(1,), (2,), (3,)]
    assert rows(session, "select awaiting()") == [(4,), (5,), (6,)]


def test_many_rows_take_no_memory_of_javascript(session: Connection) -> None:
    session.execute("set plts.max_heap_mb = 16")
    session.execute("set work_mem = '64kB'")
    define(
        session,
        "wide(n int) returns setof text strict",
        "for (let i = 0; i < n; i++) yield String(i).padEnd(200, 'x')",
    )

    # 200 MB of text by the end.
    statement = "select sum(length(w)) from wide(1000000) as w"
    assert fetch(session, statement) == 200 * 1_000_000


def test_rows_past_work_mem_go_to_a_limited_file(session: Connection) -> None:
    session.execute("set work_mem = '64kB'")
    session.execute("set temp_file_limit = '1MB'")
    session.execute("create table log (what text)")
    define(
        session,
        "endless() returns setof text",
        "try { for (;;) yield 'x'.repeat(1000) } finally { console.warn('released') }",
    )

    with notices(session) as messages, refused("53400"):
        session.execute("select count(*) from endless()")

    assert messages == ["released"]
    assert fetch(session, "select 1") == 1


@pytest.mark.parametrize("row", ["'x'", "{ get a() { throw 'x' } }", "2 ** 40"])
@pytest.mark.parametrize("form", ["function*", "async function*"])
def test_refused_row_ends_the_iterator_once(
    shared: Connection, row: str, form: str
) -> None:
    define(
        shared,
        "refused_row() returns setof int",
        f"export default {form} (): any {{ try {{ yield 1; yield {row}; yield 3 }}"
        " finally { console.warn('released') } }",
    )

    with (
        notices(shared) as messages,
        pytest.raises(Exception, match=r"cannot become|out of range|x") as raised,
    ):
        shared.execute("select refused_row()")

    assert messages == ["released"]
    assert "row 2 of SQL type integer" in str(raised.value) or "get a" in row
    assert fetch(shared, "select 1") == 1


def test_error_of_the_row_wins_over_one_of_return(shared: Connection) -> None:
    define(
        shared,
        "two_errors() returns setof int",
        "export default () => ({ [Symbol.iterator]: () => ({"
        " next: () => ({ done: false, value: 'x' }),"
        " return() { throw new Error('from return') } }) })",
    )

    with refused("42804") as refusal:
        shared.execute("select two_errors()")

    assert "cannot become SQL type integer" in refusal.message


def test_return_cannot_use_ctx_after_a_refused_row(session: Connection) -> None:
    session.execute("create table late (n int)")
    define(
        session,
        "writes_late() returns setof int",
        "export default function* (ctx: any): any { try { yield 'x' } finally {"
        " try { ctx.db.sync.exec('insert into late values (1)') }"
        " catch (e: any) { console.warn(e.code) } } }",
    )

    with notices(session) as messages, refused("42804"):
        session.execute("select writes_late()")

    assert messages == ["55000"]


def test_next_that_throws_is_not_followed_by_return(shared: Connection) -> None:
    define(
        shared,
        "next_throws() returns setof int",
        "export default () => ({ [Symbol.iterator]: () => ({"
        " next() { throw new Error('from next') },"
        " return() { console.warn('returned'); return {} } }) })",
    )

    with notices(shared) as messages, refused("38000") as refusal:
        shared.execute("select next_throws()")

    assert refusal.message == "from next"
    assert messages == []


@pytest.mark.parametrize(
    ("iterator", "said"),
    [
        ("{ next: () => 1 }", "Iterator result 1 is not an object"),
        ("{}", "has no function next"),
        ("null", "null"),
        ("{ next: 5 }", "has no function next"),
        ("{ get next() { throw new Error('from a getter') } }", "from a getter"),
        ("{ next: () => ({ get done() { throw new Error('no') } }) }", "no"),
        ("{ next: () => { throw null } }", "null"),
    ],
)
@pytest.mark.parametrize("symbol", ["iterator", "asyncIterator"])
def test_broken_iterator_is_an_error(
    shared: Connection, iterator: str, said: str, symbol: str
) -> None:
    define(
        shared,
        "broken() returns setof int",
        f"export default (): any => ({{ [Symbol.{symbol}]: () => ({iterator}) }})",
    )

    with refused("38000") as refusal:
        shared.execute("select broken()")

    assert said in refusal.message


def test_row_promise_that_never_settles_is_an_error(shared: Connection) -> None:
    define(
        shared,
        "stuck() returns setof int",
        "yield 1; await new Promise(() => {}); yield 2",
    )

    with refused("38000") as refusal:
        shared.execute("select stuck()")

    assert "never settles" in refusal.message


def test_row_that_rejects_is_the_error(shared: Connection) -> None:
    define(
        shared,
        "rejecting() returns setof int",
        "export default () => [1, Promise.reject(new Error('second row'))]",
    )

    with refused("38000") as refusal:
        shared.execute("select rejecting()")

    assert refusal.message == "second row"


@pytest.mark.parametrize(
    "body",
    [
        "for (;;) yield 1",
        "for (;;) yield await Promise.resolve(1)",
        "for (;;) ctx.db.sync.exec('select 1')",
        "yield 1; for (;;);",
        "try { for (;;) yield 1 } finally { for (;;) yield 2 }",
        "yield (ctx.db.sync.query('select pg_sleep(1000)'), 1)",
        "await ctx.db.query('select pg_sleep(1000)'); yield 1",
    ],
)
def test_time_limit_ends_an_endless_set(session: Connection, body: str) -> None:
    define(session, "endless() returns setof int", body)
    session.execute("set plts.max_runtime_ms = 50")

    with refused("57014") as refusal:
        session.execute("select count(*) from endless()")

    assert "plts.max_runtime_ms" in refusal.message
    assert fetch(session, "select 1") == 1


def test_cancel_ends_a_set_and_no_finally_runs(
    session: Connection, open_session: OpenSession
) -> None:
    session.execute("create sequence steps")
    define(
        session,
        "endless() returns setof int",
        "try { for (;;) { ctx.db.sync.query(\"select nextval('steps')\"); yield 1 } }"
        " finally { console.warn('ran') }",
    )
    other = open_session()

    with notices(session) as messages:
        running = Running(session, "select count(*) from endless()")
        eventually(lambda: fetch(other, "select last_value > 100 from steps") is True)
        other.execute("select pg_cancel_backend(%s)", [running.pid])
        error = running.finish()

    assert error is not None
    assert error.sqlstate == "57014"
    assert messages == []
    assert fetch(session, "select 1") == 1


def test_memory_limit_ends_a_set_and_the_session_lives(session: Connection) -> None:
    session.execute("set plts.max_heap_mb = 32")
    define(
        session,
        "hoarding() returns setof int",
        "const all: unknown[] = [];\n"
        "for (let i = 0; ; i++) { all.push(new Array(1000).fill(i)); yield i }",
    )

    with refused("53200"):
        session.execute("select count(*) from hoarding()")

    assert fetch(session, "select 1") == 1


def test_error_half_way_leaves_the_outer_transaction_usable(
    session: Connection,
) -> None:
    define(
        session,
        "fails(last int) returns setof int strict",
        "for (let i = 0; i < last; i++) yield i;\nthrow new Error('half way')",
    )
    define(
        session,
        "outer_fn() returns text",
        "try { ctx.db.sync.query('select * from fails(10000)'); return 'no error' }\n"
        "catch (e: any) { return e.message }",
    )

    assert fetch(session, "select outer_fn()") == "half way"
    with session.transaction():
        session.execute("create temp table after_error (n int)")


def test_failing_sets_leave_nothing_behind(session: Connection) -> None:
    session.execute("set work_mem = '64kB'")
    define(
        session,
        "spills() returns setof text",
        "for (let i = 0; i < 3000; i++) yield 'x'.repeat(100);\n"
        "throw new Error('after spilling')",
    )
    define(
        session,
        "repeated(times int) returns int strict",
        "for (let i = 0; i < times; i++) {\n"
        "  try { ctx.db.sync.query('select * from spills()') } catch {}\n"
        "}\nreturn Number(ctx.db.sync.query<{ n: bigint }>("
        "`select count(*) as n from pg_ls_dir('base/pgsql_tmp', true, false) as f"
        " where f like 'pgsql_tmp' || pg_backend_pid() || '.%'`)[0]!.n)",
    )

    assert fetch(session, "select repeated(20)") == 0


def test_set_calls_itself_through_sql(shared: Connection) -> None:
    define(
        shared,
        "countdown(n int) returns setof int strict",
        "yield n;\n"
        "if (n > 0) for (const row of ctx.db.sync.query<{ c: number }>("
        "'select countdown($1) as c', [n - 1])) yield row.c",
    )

    assert [row[0] for row in rows(shared, "select countdown(4)")] == [4, 3, 2, 1, 0]


def test_endless_recursion_through_sets_is_an_error(session: Connection) -> None:
    session.execute("set max_stack_depth = '1MB'")
    define(
        session,
        "bottomless() returns setof int",
        "yield* (await ctx.db.query<{ n: number }>("
        "'select * from bottomless() as n')).map(r => r.n)",
    )

    with pytest.raises(Exception, match=r"stack depth|out of memory"):
        session.execute("select bottomless()")

    assert fetch(session, "select 1") == 1


def test_each_call_site_of_a_set_has_its_own_iterator(shared: Connection) -> None:
    define(shared, "two() returns setof int", "yield 1; yield 2")

    statement = "select a, b from two() as a, two() as b order by 1, 2"
    assert rows(shared, statement) == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert rows(shared, "select two(), two()") == [(1, 1), (2, 2)]


def test_cursor_over_a_set_goes_backward(shared: Connection) -> None:
    define(shared, "two() returns setof int", "yield 1; yield 2")

    with shared.transaction():
        shared.execute("declare c scroll cursor for select * from two()")
        assert rows(shared, "fetch all from c") == [(1,), (2,)]
        assert rows(shared, "fetch backward all from c") == [(2,), (1,)]


def test_read_only_holds_while_rows_are_made(session: Connection) -> None:
    session.execute("create table written (n int)")
    define(
        session,
        "reader() returns setof int",
        "import { query } from '@stopgap/runtime';\n"
        "export default query(function* (_: unknown, ctx: any) {\n"
        "  yield 1; ctx.db.sync.exec('insert into written values (1)') } as any)",
    )

    with refused("25006"):
        session.execute("select reader()")


def test_a_set_counts_as_one_call(session: Connection) -> None:
    define(session, "two() returns setof int", "yield 1; yield 2")
    before = metrics(session)["execute"]["calls"]

    session.execute("select * from two()")

    assert metrics(session)["execute"]["calls"] == before + 1
