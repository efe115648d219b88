"""Asynchrony without an event loop."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, define, evaluate, fetch, refused


def test_await_of_a_value_and_of_a_promise(shared: Connection) -> None:
    body = "const a = await 1; const b = await Promise.resolve(2); return a + b"

    assert evaluate(shared, "int", body) == 3


def test_async_function_of_a_module(shared: Connection) -> None:
    body = """
        export default async (ctx: any) => {
            const rows = await ctx.db.query('select 5 as n');
            return rows[0].n;
        };
    """

    assert evaluate(shared, "int", body) == 5


def test_returned_promise_is_awaited(shared: Connection) -> None:
    body = "export default () => Promise.resolve().then(() => 7)"

    assert evaluate(shared, "int", body) == 7


def test_thenable_is_awaited_by_an_async_body(shared: Connection) -> None:
    body = "return await { then(done: (n: number) => void) { done(9) } } as any"

    assert evaluate(shared, "int", body) == 9


def test_statements_of_promise_all_keep_their_order(shared: Connection) -> None:
    shared.execute("create temp sequence if not exists order_of_calls")
    body = """
        const rows = await Promise.all([3, 1, 2].map((n) =>
            ctx.db.query<any>(
                `select ${n} as n, nextval('order_of_calls')::int as at`)));
        const at = rows.map(([row]) => row.at - rows[0]![0].at);
        return rows.map(([row]) => row.n).join() + ' ' + at.join()
    """

    assert evaluate(shared, "text", body) == "3,1,2 0,1,2"


def test_promise_all_with_a_failing_statement(shared: Connection) -> None:
    body = """
        try {
            await Promise.all([ctx.db.query('select 1'), ctx.db.query('select 1/0')]);
        } catch (e: any) { return e.code }
        return 'none'
    """

    assert evaluate(shared, "text", body) == "22012"


def test_all_settled_tells_each_outcome(shared: Connection) -> None:
    body = """
        const all = await Promise.allSettled(
            [ctx.db.query('select 1/0'), ctx.db.query('select 2 as n')]);
        return all.map((one) => one.status)
    """

    assert evaluate(shared, "json", body) == ["rejected", "fulfilled"]


@pytest.mark.parametrize(
    "body",
    [
        "await new Promise(() => {}); return 1",
        "return await new Promise<number>(() => {})",
        "export default () => new Promise(() => {})",
        "await Promise.race([]); return 1",
        "const p: any = (async () => { await null; return p })(); return p",
    ],
)
def test_promise_that_never_settles_is_an_error(shared: Connection, body: str) -> None:
    with refused("38000"):
        evaluate(shared, "int", body)


def test_session_works_after_a_promise_that_never_settled(shared: Connection) -> None:
    with refused("38000"):
        evaluate(shared, "int", "await new Promise(() => {}); return 1")

    assert evaluate(shared, "int", "return await Promise.resolve(3)") == 3


@pytest.mark.parametrize(
    "body",
    [
        "Promise.reject(new Error('lost')); return 1",
        "(async () => { await null; throw new Error('lost') })(); return 1",
        "queueMicrotask(() => { throw new Error('lost') }); return 1",
        "void Promise.resolve().then(() => { throw new Error('lost') }); return 1",
        "await null; void ctx.db.query('select 1').then(() => { throw new "
        "Error('lost') });"
        " return 1",
    ],
)
def test_unhandled_rejection_is_an_error(shared: Connection, body: str) -> None:
    with refused("38000") as refusal:
        evaluate(shared, "int", body)

    assert refusal.message == "lost"


def test_unhandled_rejection_of_a_statement_keeps_its_sqlstate(
    shared: Connection,
) -> None:
    with refused("22012"):
        evaluate(shared, "int", "void ctx.db.query('select 1/0'); return 1")


def test_rejection_handled_later_is_no_error(shared: Connection) -> None:
    body = """
        const late = Promise.reject(new Error('handled'));
        await null; await null;
        return await late.catch(() => 4)
    """

    assert evaluate(shared, "int", body) == 4


def test_floating_statement_is_still_run(connection: Connection) -> None:
    connection.execute("create table t (a int)")
    body = """
        void ctx.db.exec('insert into t values (1)');
        void ctx.db.exec('insert into t values (2)').then(() =>
            ctx.db.exec('insert into t values (3)'));
        return 0
    """

    evaluate(connection, "int", body)

    assert fetch(connection, "select array_agg(a order by a) from t") == [1, 2, 3]


def test_nothing_of_a_failed_call_runs_in_the_next(connection: Connection) -> None:
    connection.execute("create table t (a int)")
    body = """
        void (async () => {
            await null; await null;
            await ctx.db.exec('insert into t values (1)');
        })();
        throw new Error('first')
    """
    with refused("38000"):
        evaluate(connection, "int", body)

    evaluate(connection, "int", "await null; return 1")

    assert fetch(connection, "select count(*) from t") == 0


def test_statement_queued_before_a_throw_does_not_run_later(
    connection: Connection,
) -> None:
    connection.execute("create table t (a int)")
    body = "void ctx.db.exec('insert into t values (1)'); throw new Error('x')"
    with refused("38000"):
        evaluate(connection, "int", body)

    evaluate(connection, "int", "await ctx.db.query('select 1'); return 1")

    assert fetch(connection, "select count(*) from t") == 0


def test_top_level_await_of_a_module(shared: Connection) -> None:
    body = "const n = await Promise.resolve(6); export default () => n"

    assert evaluate(shared, "int", body) == 6


def test_module_whose_top_level_await_never_settles_is_refused_each_time(
    shared: Connection,
) -> None:
    define(
        shared,
        "stuck() returns int",
        "await new Promise(() => {}); export default () => 1",
    )

    for _ in range(2):
        with refused("38000"):
            fetch(shared, "select stuck()")


def test_microtasks_run_in_order(shared: Connection) -> None:
    body = """
        const order: number[] = [];
        queueMicrotask(() => order.push(2));
        void Promise.resolve().then(() => order.push(3));
        order.push(1);
        await ctx.db.query('select 1');
        return order
    """

    assert evaluate(shared, "json", body) == [1, 2, 3]


def test_for_await_over_statements(shared: Connection) -> None:
    body = """
        let sum = 0;
        const each = [1, 2, 3].map((n) => ctx.db.query<any>('select $1::int n', [n]));
        for await (const rows of each) {
            sum += rows[0].n;
        }
        return sum
    """

    assert evaluate(shared, "int", body) == 6
