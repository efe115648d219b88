"""`ctx.db.savepoint`: one subtransaction for all that is done in it."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, define, evaluate, fetch, refused


@pytest.fixture
def table(session: Connection) -> Connection:
    """A session with an empty table `t` of unique numbers."""
    session.execute("create table t (a int primary key)")
    return session


def stored(connection: Connection) -> list[int]:
    """Return what the table has."""
    rows = connection.execute("select a from t order by a").fetchall()
    return [int(str(row[0])) for row in rows]


@pytest.mark.parametrize("sync", [False, True])
def test_what_is_done_in_it_is_kept(table: Connection, sync: bool) -> None:
    body = (
        "return ctx.db.sync.savepoint((db) => {"
        " db.sync.exec('insert into t values (1)');"
        " return 7 })"
        if sync
        else "return await ctx.db.savepoint(async (db) => {"
        " await db.exec('insert into t values (1)'); return 7 })"
    )

    assert evaluate(table, "int", body) == 7
    assert stored(table) == [1]


@pytest.mark.parametrize("sync", [False, True])
def test_what_is_done_in_it_is_undone_by_its_error(
    table: Connection, sync: bool
) -> None:
    body = (
        """
        try { ctx.db.sync.savepoint((db) => {
            db.sync.exec("insert into t values (2)"); throw new Error("no") }) }
        catch (error: any) { message = error.message }
        """
        if sync
        else """
        try { await ctx.db.savepoint(async (db) => {
            await db.exec("insert into t values (2)"); throw new Error("no") }) }
        catch (error: any) { message = error.message }
        """
    )
    body = f"""
        let message = "";
        await ctx.db.exec("insert into t values (1)");
        {body}
        await ctx.db.exec("insert into t values (3)");
        return message
    """

    assert evaluate(table, "text", body) == "no"
    assert stored(table) == [1, 3]


@pytest.mark.parametrize("sync", [False, True])
def test_bulk_load_uses_one_transaction_id(table: Connection, sync: bool) -> None:
    loop = (
        "ctx.db.sync.savepoint((db) => { for (let i = 0; i < 10000; i++)"
        " db.sync.exec('insert into t values ($1)', [i]) })"
        if sync
        else "await ctx.db.savepoint(async (db) => { for (let i = 0; i < 10000; i++)"
        " await db.exec('insert into t values ($1)', [i]) })"
    )
    evaluate(table, "void", loop)

    assert fetch(table, "select count(*) from t") == 10_000
    assert fetch(table, "select count(distinct xmin::text) from t") == 1


def test_statements_outside_of_it_use_one_each(table: Connection) -> None:
    evaluate(
        table,
        "void",
        "for (let i = 0; i < 10; i++)"
        " await ctx.db.exec('insert into t values ($1)', [i])",
    )

    assert fetch(table, "select count(distinct xmin::text) from t") == 10


@pytest.mark.parametrize("sync", [False, True])
def test_error_of_a_statement_fails_it_even_if_caught(
    table: Connection, sync: bool
) -> None:
    inner = """
        {db}.exec("insert into t values (1)");
        try {{ {db}.exec("insert into t values (1)") }} catch {{}}
        return "went on";
    """
    body = (
        f"ctx.db.sync.savepoint((db) => {{ {inner.format(db='db.sync')} }})"
        if sync
        else f"await ctx.db.savepoint(async (db) => {{"
        f" {inner.format(db='await db')} }})"
    )
    body = f"""
        await ctx.db.exec("insert into t values (0)");
        try {{ {body} }}
        catch (error: any) {{ return `${{error.code}} ${{error.detail}}` }}
        return "kept"
    """

    assert evaluate(table, "text", body) == (
        '25P02 The error was: duplicate key value violates unique constraint "t_pkey"'
    )
    assert stored(table) == [0]


def test_statements_after_a_failed_one_are_refused(table: Connection) -> None:
    body = """
        const codes: string[] = [];
        try {
            await ctx.db.savepoint(async (db) => {
                try { await db.exec("select 1 / 0") }
                catch (error: any) { codes.push(error.code) }
                try { await db.exec("insert into t values (1)") }
                catch (error: any) { codes.push(error.code) }
                try { db.sync.query("select 1") }
                catch (error: any) { codes.push(error.code) }
                try { await ctx.db.query("select 1") }
                catch (error: any) { codes.push(error.code) }
                try { await db.savepoint(async () => 1) }
                catch (error: any) { codes.push(error.code) }
            });
        } catch (error: any) { codes.push(error.code) }
        await ctx.db.exec("insert into t values (9)");
        return codes
    """

    assert evaluate(table, "text[]", body) == [
        "22012",
        "25P02",
        "25P02",
        "55000",
        "25P02",
        "25P02",
    ]
    assert stored(table) == [9]


def test_error_that_leaves_it_is_the_one_that_was_thrown(table: Connection) -> None:
    body = """
        import { UniqueViolationError } from "@stopgap/runtime";
        export default async (ctx: Ctx) => {
            try {
                await ctx.db.savepoint(async (db) => {
                    await db.exec("insert into t values (1), (1)");
                });
            } catch (error) {
                return error instanceof UniqueViolationError && error.constraint;
            }
            return null;
        }
    """

    assert evaluate(table, "text", body) == "t_pkey"


def test_nested_ones_go_through_the_inner_db(table: Connection) -> None:
    body = """
        await ctx.db.savepoint(async (a) => {
            await a.exec("insert into t values (1)");
            try {
                await a.savepoint(async (b) => {
                    await b.exec("insert into t values (2)");
                    await b.savepoint(async (c) => {
                        await c.exec("insert into t values (3)");
                    });
                    await b.exec("insert into t values (1)");
                });
            } catch {}
            await a.savepoint(async (b) => {
                await b.savepoint(async (c) => {
                    c.sync.exec("insert into t values (4)");
                });
                b.sync.savepoint((c) => { c.sync.exec("insert into t values (5)") });
            });
        });
    """
    evaluate(table, "void", body)

    assert stored(table) == [1, 4, 5]


def test_outer_db_is_refused_while_one_is_open(table: Connection) -> None:
    body = """
        const codes: string[] = [];
        const attempt = async (work: () => unknown) => {
            try { await work(); codes.push("ran") }
            catch (error: any) { codes.push(error.code) }
        };
        await ctx.db.savepoint(async (db) => {
            await attempt(() => ctx.db.exec("insert into t values (1)"));
            await attempt(() => ctx.db.sync.exec("insert into t values (2)"));
            await attempt(() => ctx.db.savepoint(async () => 1));
            await attempt(() => ctx.db.sync.savepoint(() => 1));
            await attempt(async () => {
                for await (const _ of ctx.db.cursor("select 1")) {}
            });
            await attempt(() => db.exec("insert into t values (3)"));
        });
        await attempt(() => ctx.db.exec("insert into t values (4)"));
        return codes
    """

    assert evaluate(table, "text[]", body) == ["55000"] * 5 + ["ran"] * 2
    assert stored(table) == [3, 4]


def test_overlapping_ones_are_refused(table: Connection) -> None:
    body = """
        const results = await Promise.allSettled([1, 2, 3].map((n) =>
            ctx.db.savepoint(async (db) => {
                await db.exec("insert into t values ($1)", [n]);
                await db.exec("insert into t values ($1)", [n + 10]);
            })));
        return results.map((r: any) => r.reason?.code ?? "kept")
    """

    assert evaluate(table, "text[]", body) == ["kept", "55000", "55000"]
    assert stored(table) == [1, 11]


def test_statements_asked_for_before_it_run_before_it(table: Connection) -> None:
    body = """
        const before = ctx.db.exec("insert into t values (1)");
        const failed = ctx.db.savepoint(async (db) => {
            await db.exec("insert into t values (2)"); throw new Error("x");
        });
        await before;
        await failed.catch(() => 0);
    """
    evaluate(table, "void", body)

    assert stored(table) == [1]


def test_its_db_is_refused_when_it_is_over(table: Connection) -> None:
    body = """
        let kept: any;
        await ctx.db.savepoint(async (db) => { kept = db });
        const codes: string[] = [];
        try { await kept.query("select 1") }
        catch (error: any) { codes.push(error.code) }
        try { kept.sync.query("select 1") }
        catch (error: any) { codes.push(error.code) }
        try { await kept.savepoint(async () => 1) }
        catch (error: any) { codes.push(error.code) }
        return codes
    """

    assert evaluate(table, "text[]", body) == ["55000"] * 3


def test_statement_that_is_not_awaited_is_late(table: Connection) -> None:
    body = """
        let late: Promise<unknown> | undefined;
        ctx.db.sync.savepoint((db) => {
            late = db.exec("insert into t values (1)").catch((e: any) => e.code);
        });
        return await late as string
    """

    assert evaluate(table, "text", body) == "55000"
    assert stored(table) == []


def test_sync_one_refuses_an_async_function(table: Connection) -> None:
    body = """
        try {
            ctx.db.sync.savepoint(async (db) =>
                db.sync.exec("insert into t values (1)"));
        } catch (error: any) { return error.name }
        return "ran"
    """

    assert evaluate(table, "text", body) == "TypeError"
    assert stored(table) == []


@pytest.mark.parametrize("call", ["savepoint", "sync.savepoint"])
def test_what_is_no_function_is_refused(shared: Connection, call: str) -> None:
    body = f"""
        try {{ await (ctx.db as any).{call}("x") }}
        catch (error: any) {{ return error.name }}
        return "ran"
    """

    assert evaluate(shared, "text", body) == "TypeError"


@pytest.mark.parametrize(
    "body",
    [
        "ctx.db.savepoint(async (db) => { await db.exec('insert into t values (1)');"
        " await new Promise(() => {}) }); return 1",
        "await ctx.db.savepoint(async (a) => { a.savepoint(async (b) => {"
        " await b.exec('insert into t values (1)'); await new Promise(() => {}) });"
        " await a.query('select 1'); await null; }); return 1",
    ],
)
def test_one_that_is_open_when_the_call_ends_is_an_error(
    table: Connection, body: str
) -> None:
    define(table, "leaves_open() returns int", body)
    with table.transaction():
        table.execute("insert into t values (0)")
        with refused("55000"), table.transaction():
            table.execute("select leaves_open()")
        table.execute("insert into t values (5)")

    assert stored(table) == [0, 5]


def test_promise_that_never_settles_in_one_is_an_error(table: Connection) -> None:
    with refused("38000"):
        evaluate(
            table,
            "int",
            "return await ctx.db.savepoint(async (db) => {"
            " await db.exec('insert into t values (1)');"
            " return new Promise<number>(() => {}) })",
        )

    assert stored(table) == []


@pytest.mark.parametrize(
    "work",
    [
        "await db.query('select pg_sleep(60)')",
        "for (;;) {}",
        "await db.savepoint(async (b) => { await b.query('select pg_sleep(60)') })",
        "db.sync.savepoint((inner) => { for (;;) {} })",
    ],
)
def test_timeout_unwinds_it(table: Connection, work: str) -> None:
    define(
        table,
        "hangs() returns void",
        "await ctx.db.exec('insert into t values (1)');\n"
        "try { await ctx.db.savepoint(async (db) => {"
        f" await db.exec('insert into t values (2)'); {work} }}) }}"
        " catch {} finally { ctx.db.sync.exec('insert into t values (3)') }",
    )
    with table.transaction():
        table.execute("insert into t values (0)")
        with refused("57014"), table.transaction():
            table.execute("set local statement_timeout = '200ms'")
            table.execute("select hangs()")
        table.execute("insert into t values (5)")

    assert stored(table) == [0, 5]


def test_memory_error_unwinds_it(table: Connection) -> None:
    define(
        table,
        "greedy() returns void",
        "await ctx.db.savepoint(async (db) => {"
        " await db.exec('insert into t values (2)');"
        " const all: unknown[] = [];"
        " for (;;) all.push(new Array(1000).fill(all.length)) })",
    )
    table.execute("set plts.max_heap_mb = 32")
    with table.transaction():
        table.execute("insert into t values (0)")
        with refused("53200"), table.transaction():
            table.execute("select greedy()")
        table.execute("insert into t values (5)")

    assert stored(table) == [0, 5]


def test_nested_calls_have_their_own(table: Connection) -> None:
    define(
        table,
        "inner_call(n int) returns int",
        "try { await ctx.db.savepoint(async (db) => {"
        " await db.exec('insert into t values ($1)', [n]);"
        " if (n! % 2 === 0) throw new Error('even') }) } catch {} return n",
    )
    body = """
        await ctx.db.savepoint(async (db) => {
            await db.query("select inner_call(g) from generate_series(1, 4) g");
            db.sync.query("select inner_call(5) as a, inner_call(6) as b");
            await db.exec("insert into t values (100)");
        });
    """
    evaluate(table, "void", body)

    assert stored(table) == [1, 3, 5, 100]


def test_error_caught_in_one_within_a_nested_call_fails_the_outer(
    table: Connection,
) -> None:
    define(table, "inner_fails() returns int", "throw new Error('deep')")
    body = """
        try {
            await ctx.db.savepoint(async (db) => {
                await db.exec("insert into t values (1)");
                try { await db.query("select inner_fails()") } catch {}
            });
        } catch (error: any) { return error.code }
        return "kept"
    """

    assert evaluate(table, "text", body) == "25P02"
    assert stored(table) == []


def test_cursor_of_the_outside_survives_one_that_fails(table: Connection) -> None:
    body = """
        let sum = 0;
        for await (const row of ctx.db.cursor<any>(
            "select g from generate_series(1, 6) g", [], { fetchSize: 1 })) {
            try {
                await ctx.db.savepoint(async (db) => {
                    await db.exec("insert into t values ($1)", [row.g]);
                    if (row.g % 2 === 0) throw new Error("even");
                });
            } catch {}
            sum += row.g;
        }
        return sum
    """

    assert evaluate(table, "int", body) == 21
    assert stored(table) == [1, 3, 5]


@pytest.mark.parametrize("fails", [False, True])
def test_cursor_of_the_inside(table: Connection, fails: bool) -> None:
    body = f"""
        let kept: any, n = 0;
        try {{
            await ctx.db.savepoint(async (db) => {{
                kept = db.cursor<any>("select g from generate_series(1, 6) g", [],
                    {{ fetchSize: 1 }})[Symbol.asyncIterator]();
                await kept.next(); n++;
                if ({str(fails).lower()}) throw new Error("x");
            }});
        }} catch {{}}
        try {{ await kept.next(); n++ }} catch (error: any) {{ return error.code + n }}
        return "went on"
    """

    assert evaluate(table, "text", body) == "550001"
    assert fetch(table, "select count(*) from pg_cursors") == 0


def test_locks_taken_in_one_go_with_it(table: Connection) -> None:
    body = """
        try { await ctx.db.savepoint(async (db) => {
            await db.exec("lock table t in access exclusive mode");
            throw new Error("x");
        }) } catch {}
        return (await ctx.db.query<any>(
            "select count(*)::int n from pg_locks where relation = 't'::regclass " +
            "and mode = 'AccessExclusiveLock'"))[0].n
    """

    assert evaluate(table, "int", body) == 0


def test_one_in_a_trigger_and_under_an_exception_block(table: Connection) -> None:
    define(
        table,
        "load(n int) returns int",
        "await ctx.db.savepoint(async (db) => {"
        " await db.exec('insert into t values ($1)', [n]) });"
        "if (n === 2) throw new Error('two'); return n",
    )
    table.execute(
        "do $$ begin perform load(1); "
        "begin perform load(2); exception when others then null; end; "
        "perform load(3); end $$"
    )

    assert stored(table) == [1, 3]


def test_many_one_after_the_other_leave_nothing_behind(table: Connection) -> None:
    body = """
        for (let i = 0; i < 2000; i++) {
            try {
                await ctx.db.savepoint(async (db) => {
                    await db.query("select 1");
                    if (i % 2) throw new Error("odd");
                });
            } catch {}
        }
        return (await ctx.db.query<any>(
            "select count(*)::int n from pg_backend_memory_contexts " +
            "where name = 'CurTransactionContext'"))[0].n
    """

    assert evaluate(table, "int", body) <= 2


def test_query_handler_reads_in_one_and_cannot_write(table: Connection) -> None:
    table.execute("insert into t values (1)")
    define(
        table,
        "reads(args jsonb) returns jsonb",
        'import { query } from "@stopgap/runtime";\n'
        "export default query(async (_a: any, ctx) => \n"
        "ctx.db.savepoint(async (db) => {\n"
        "  const rows = await db.query('select a from t');\n"
        "  try { await db.exec('insert into t values (2)') } catch {}\n"
        "  return rows }));",
    )
    define(
        table,
        "only_reads(args jsonb) returns jsonb",
        'import { query } from "@stopgap/runtime";\n'
        "export default query(async (_args: any, ctx) =>"
        " ctx.db.savepoint(async (db) => db.query('select a from t')));",
    )

    assert fetch(table, "select only_reads('{}')") == [{"a": 1}]
    with refused("25P02"):
        fetch(table, "select reads('{}')")
    assert stored(table) == [1]
