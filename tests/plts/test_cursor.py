"""`ctx.db.cursor`: rows a batch at a time, and what becomes of the portal."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, define, evaluate, fetch, refused

OPEN = "(await ctx.db.query<any>('select count(*)::int n from pg_cursors'))[0].n"


@pytest.mark.parametrize("size", [1, 3, 10, 256, 1000])
def test_every_row_comes_in_order(shared: Connection, size: int) -> None:
    body = f"""
        const got: number[] = [];
        const rows = ctx.db.cursor<{{ g: number }}>(
            "select g from generate_series(1, $1::int) g", [10],
            {{ fetchSize: {size} }});
        for await (const row of rows) got.push(row.g);
        return got
    """

    assert evaluate(shared, "int[]", body) == list(range(1, 11))


@pytest.mark.parametrize("size", [1, 3, 10, 256])
def test_sync_cursor_gives_every_row_in_order(shared: Connection, size: int) -> None:
    body = f"""
        const rows = ctx.db.sync.cursor<{{ g: number }}>(
            "select g from generate_series(1, 10) g", [], {{ fetchSize: {size} }});
        return [...rows].map((row) => row.g)
    """

    assert evaluate(shared, "int[]", body) == list(range(1, 11))


@pytest.mark.parametrize("loop", ["for await (const _ of ctx.db.cursor(sql))"])
def test_query_without_rows_ends_at_once(shared: Connection, loop: str) -> None:
    body = f"const sql = 'select 1 where false'; {loop} return 1; return 0"

    assert evaluate(shared, "int", body) == 0


def test_rows_are_fetched_as_they_are_needed(connection: Connection) -> None:
    connection.execute("create sequence s")
    body = """
        for await (const row of ctx.db.cursor(
            "select nextval('s') from generate_series(1, 1000)", [],
            { fetchSize: 5 })) {
            break;
        }
    """
    evaluate(connection, "void", body)

    assert fetch(connection, "select last_value from s") == 5


@pytest.mark.parametrize(
    "leave",
    [
        "break;",
        "try { throw new Error('x') } finally { break }",
        "await ctx.db.query('select 1'); break;",
        "",
    ],
)
def test_cursor_is_closed_when_its_loop_is_left(shared: Connection, leave: str) -> None:
    body = f"""
        const sql = "select generate_series(1, 10)";
        for await (const _ of ctx.db.cursor(sql, [], {{ fetchSize: 2 }})) {{ {leave} }}
        for (const _ of ctx.db.sync.cursor(sql, [], {{ fetchSize: 2 }})) {{ {leave} }}
        return {OPEN}
    """

    assert evaluate(shared, "int", body) == 0


def test_cursor_is_closed_by_an_error_of_the_loop(shared: Connection) -> None:
    body = f"""
        const sql = "select g from generate_series(1, 10) g";
        try {{
            for await (const row of ctx.db.cursor<any>(sql, [], {{ fetchSize: 2 }})) {{
                if (row.g === 3) throw new Error("three");
            }}
        }} catch (error: any) {{ return error.message + {OPEN} }}
        return "went on"
    """

    assert evaluate(shared, "text", body) == "three0"


def test_cursor_left_open_is_closed_at_the_end_of_the_call(shared: Connection) -> None:
    define(
        shared,
        "leaves_open() returns int",
        "const rows = ctx.db.cursor('select generate_series(1, 10)', [], "
        "{ fetchSize: 2 });\n"
        "await rows[Symbol.asyncIterator]().next();\n"
        "const more = ctx.db.sync.cursor('select generate_series(1, 10)', [], "
        "{ fetchSize: 2 });\n"
        "more[Symbol.iterator]().next();\n"
        f"return {OPEN}",
    )
    with shared.transaction():
        during = fetch(shared, "select leaves_open()")
        after = fetch(shared, "select count(*) from pg_cursors where name like 'plts%'")

    assert (during, after) == (2, 0)


def test_cursor_of_a_failed_call_is_gone_with_it(shared: Connection) -> None:
    define(
        shared,
        "fails_open() returns int",
        "const rows = ctx.db.cursor('select generate_series(1, 10)');\n"
        "await rows[Symbol.asyncIterator]().next(); throw new Error('x')",
    )
    with shared.transaction():
        shared.execute(
            "do $$ begin perform fails_open(); exception when others then end $$"
        )

        assert fetch(shared, "select count(*) from pg_cursors") == 0


def test_many_cursors_at_once(shared: Connection) -> None:
    body = """
        const iterators = Array.from({ length: 20 }, (_, i) =>
            ctx.db.cursor<any>("select g * $1::int as v from generate_series(1, 9) g",
                [i], { fetchSize: 2 })[Symbol.asyncIterator]());
        let sum = 0;
        for (let round = 0; round < 9; round++) {
            const rows = await Promise.all(iterators.map((it) => it.next()));
            for (const row of rows) sum += row.value.v;
        }
        return sum
    """

    assert evaluate(shared, "int", body) == sum(range(20)) * sum(range(1, 10))


def test_nested_loops(shared: Connection) -> None:
    body = """
        let text = "";
        for await (const a of ctx.db.cursor<any>("values (1), (2), (3)", [],
            { fetchSize: 1 })) {
            for await (const b of ctx.db.cursor<any>(
                "select g from generate_series(1, $1::int) g", [a.column1],
                { fetchSize: 1 })) text += `${a.column1}${b.g} `;
        }
        return text
    """

    assert evaluate(shared, "text", body) == "11 21 22 31 32 33 "


def test_an_iterable_can_be_looped_over_again(shared: Connection) -> None:
    body = """
        const rows = ctx.db.cursor("values (1), (2)");
        let n = 0;
        for await (const _ of rows) n++;
        for await (const _ of rows) n++;
        return n
    """

    assert evaluate(shared, "int", body) == 4


def test_next_asked_for_without_waiting_keeps_the_order(shared: Connection) -> None:
    body = """
        const it = ctx.db.cursor<any>("select g from generate_series(1, 5) g", [],
            { fetchSize: 2 })[Symbol.asyncIterator]();
        const all = await Promise.all([1, 2, 3, 4, 5, 6, 7].map(() => it.next()));
        return all.map((each) => each.done ? "-" : each.value.g).join("")
    """

    assert evaluate(shared, "text", body) == "12345--"


def test_cursor_sees_the_snapshot_it_was_opened_with(connection: Connection) -> None:
    connection.execute("create table t as select 1 as a")
    body = """
        let n = 0;
        for await (const _ of ctx.db.cursor("select a from t", [], { fetchSize: 1 })) {
            n++;
            await ctx.db.exec("insert into t values (2)");
        }
        return n
    """

    assert evaluate(connection, "int", body) == 1
    assert fetch(connection, "select count(*) from t") == 2


def test_cursor_survives_ddl_in_its_loop(connection: Connection) -> None:
    connection.execute("create table t as select g as a from generate_series(1, 4) g")
    body = """
        let sum = 0;
        for await (const row of ctx.db.cursor<any>("select a from t", [],
            { fetchSize: 1 })) {
            sum += row.a;
            await ctx.db.exec(`create table made_${row.a} (a int)`);
            try { await ctx.db.exec("alter table t add b int") }
            catch (error: any) { sum += error.code === "55006" ? 100 : 0 }
        }
        return sum
    """

    assert evaluate(connection, "int", body) == 410


def test_caught_error_in_the_loop_leaves_the_cursor_open(shared: Connection) -> None:
    body = """
        let sum = 0, failed = 0;
        for await (const row of ctx.db.cursor<any>(
            "select g from generate_series(1, 5) g", [], { fetchSize: 1 })) {
            sum += row.g;
            try { await ctx.db.query("select 1 / 0") } catch { failed++ }
        }
        return [sum, failed]
    """

    assert evaluate(shared, "int[]", body) == [15, 5]


def test_error_of_a_fetch_is_caught(shared: Connection) -> None:
    body = f"""
        let seen = 0;
        try {{
            for await (const row of ctx.db.cursor(
                "select 1 / (3 - g) from generate_series(1, 5) g", [],
                {{ fetchSize: 1 }})) seen++;
        }} catch (error: any) {{
            const alive = (await ctx.db.query<any>("select 1 as one"))[0].one;
            return [error.code, seen, alive, {OPEN}]
        }}
        return null
    """

    assert evaluate(shared, "json", body) == ["22012", 2, 1, 0]


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("selec 1", "42601"),
        ("select * from nothing_here", "42P01"),
        ("create table t (a int)", "42P11"),
        ("insert into pg_temp.t values (1)", "42P01"),
        ("select 1; select 2", "42P11"),
        ("commit", "42P11"),
    ],
)
def test_what_is_no_query_is_refused(
    shared: Connection, sql: str, sqlstate: str
) -> None:
    with refused(sqlstate):
        evaluate(shared, "void", f"for await (const _ of ctx.db.cursor('{sql}')) {{}}")
    with refused(sqlstate):
        evaluate(shared, "void", f"for (const _ of ctx.db.sync.cursor('{sql}')) {{}}")


def test_writing_query_returns_its_rows(connection: Connection) -> None:
    connection.execute("create table t (a int)")
    body = """
        const got = [];
        for await (const row of ctx.db.cursor<any>(
            "insert into t select generate_series(1, 5) returning a", [],
            { fetchSize: 2 })) got.push(row.a);
        return got
    """

    assert evaluate(connection, "int[]", body) == [1, 2, 3, 4, 5]
    assert fetch(connection, "select count(*) from t") == 5


@pytest.mark.parametrize("size", ["0", "-1", "1.5", "NaN", "'5' as any", "1e9"])
def test_fetch_size_is_checked(shared: Connection, size: str) -> None:
    with refused("38000") as refusal:
        evaluate(
            shared, "void", f"ctx.db.cursor('select 1', [], {{ fetchSize: {size} }})"
        )

    assert refusal.message.startswith("fetchSize must be an integer from 1 to 1000000")


def test_limit_of_rows_is_not_for_cursors(connection: Connection) -> None:
    connection.execute("set plts.max_query_rows = 3")
    body = """
        let n = 0;
        for await (const _ of ctx.db.cursor("select generate_series(1, 10)")) n++;
        return n
    """

    assert evaluate(connection, "int", body) == 10
    with refused("54000") as refusal:
        evaluate(connection, "void", "ctx.db.sync.query('select generate_series(1,4)')")
    assert "ctx.db.cursor" in refusal.hint


def test_rows_of_a_million_do_not_stay_in_memory(connection: Connection) -> None:
    connection.execute("set plts.max_heap_mb = 32")
    body = """
        let n = 0;
        for await (const row of ctx.db.cursor<any>(
            "select repeat('x', 1000) as t from generate_series(1, 100000)")) {
            n += row.t.length;
        }
        return n
    """

    assert evaluate(connection, "int", body) == 100_000_000


def test_cursor_calls_functions_with_cursors(shared: Connection) -> None:
    define(
        shared,
        "inner_cursor(n int) returns int",
        "let s = 0; for await (const r of ctx.db.cursor<any>("
        "'select g from generate_series(1, $1::int) g', [n], { fetchSize: 1 }))"
        " s += r.g; return s",
    )
    body = """
        let sum = 0;
        for await (const row of ctx.db.cursor<any>(
            "select inner_cursor(g) as v from generate_series(1, 4) g", [],
            { fetchSize: 1 })) sum += row.v;
        return sum
    """

    assert evaluate(shared, "int", body) == 1 + 3 + 6 + 10


def test_cursor_cannot_be_used_after_its_call(connection: Connection) -> None:
    define(
        connection,
        "keeps(step int) returns text",
        """
        import { query } from "@stopgap/runtime";
        let kept: any;
        export default async (ctx: any) => {
            if (ctx.args.step === 1) {
                kept = ctx.db.cursor("select generate_series(1, 9)", [],
                    { fetchSize: 1 })[Symbol.asyncIterator]();
                await kept.next();
                return "kept";
            }
            try { await kept.next() } catch (error: any) { return error.code }
            return "went on";
        }
        """,
    )

    assert fetch(connection, "select keeps(1)") == "kept"
    assert fetch(connection, "select keeps(2)") == "55000"


def test_cursor_cannot_be_closed_from_outside(shared: Connection) -> None:
    body = """
        let n = 0;
        for await (const _ of ctx.db.cursor("select generate_series(1, 3)", [],
            { fetchSize: 1 })) {
            n++;
            try { await ctx.db.exec("close all") } catch {}
        }
        return n
    """

    assert evaluate(shared, "int", body) == 3


def test_cancel_in_a_fetch_is_not_caught(shared: Connection) -> None:
    body = """
        try {
            for await (const _ of ctx.db.cursor("select pg_sleep(60)")) {}
        } catch {} finally { await ctx.db.query("select 1") }
    """
    with refused("57014"), shared.transaction():
        shared.execute("set local statement_timeout = '200ms'")
        evaluate(shared, "void", body)

    assert fetch(shared, "select count(*) from pg_cursors") == 0


@pytest.mark.parametrize(
    "sql",
    [
        "insert into t values (1) returning a",
        "select nextval('s')",
        "select writes()",
        "select a from t for update",
        "with w as (insert into t values (1) returning a) select a from w",
    ],
)
@pytest.mark.parametrize("in_savepoint", [False, True])
@pytest.mark.parametrize("sync", [False, True])
def test_cursor_of_a_query_handler_cannot_write(
    session: Connection, sql: str, in_savepoint: bool, sync: bool
) -> None:
    session.execute(
        "create table t (a int); insert into t values (0); create sequence s; "
        "create function writes() returns int language plpgsql as "
        "$$ begin insert into t values (1); return 1; end $$"
    )
    loop = (
        f'for (const _ of db.sync.cursor("{sql}")) {{}}'
        if sync
        else f'for await (const _ of db.cursor("{sql}")) {{}}'
    )
    body = (
        f"await ctx.db.savepoint(async (db: any) => {{ {loop} }})"
        if in_savepoint
        else f"const db = ctx.db; {loop}"
    )
    define(
        session,
        "reads(args jsonb) returns jsonb",
        'import { query } from "@stopgap/runtime";\n'
        f"export default query(async (_args: any, ctx) => {{ {body}; return 1 }});",
    )

    with pytest.raises(Exception, match=r".") as raised:
        fetch(session, "select reads('{}')")

    assert getattr(raised.value, "sqlstate", None) in ("25006", "0A000")
    assert fetch(session, "select array_agg(a) from t") == [0]
    assert fetch(session, "select is_called from s") is False
