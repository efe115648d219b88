"""Cancel, timeout and termination stop JavaScript, and nothing in it can catch them."""

from __future__ import annotations

import time

import psycopg
import pytest

from tests.fixtures.cluster import RunningCluster
from tests.plts.support import Connection, OpenSession, define, evaluate, fetch, refused
from tests.plts.waiting import Running, eventually

LOOPS = {
    "empty loop": "for (;;) {}",
    "counting": "let n = 0; while (n >= 0) n = (n + 1) % 1000; return n",
    "caught": "for (;;) { try { for (;;) {} } catch {} }",
    "finally": "for (;;) { try { for (;;) {} } finally { continue } }",
    "finally that returns": "try { for (;;) {} } finally { return 1 }",
    "finally that loops": "try { for (;;) {} } finally { for (;;) {} }",
    "microtasks": "const again = (): void => queueMicrotask(again); again(); return 1",
    "promises": "for (;;) await null",
    "promises caught": "for (;;) { try { for (;;) await null } catch {} }",
    "statements": "for (;;) ctx.db.sync.query('select 1')",
    "awaited statements": "for (;;) await ctx.db.query('select 1')",
    "caught statements": (
        "for (;;) { try { ctx.db.sync.query('select pg_sleep(10)') } catch {} }"
    ),
    "caught awaited statements": (
        "for (;;) { try { await ctx.db.query('select pg_sleep(10)') } catch {} }"
    ),
    "regular expression": "return /^(a+)+$/.test('a'.repeat(40) + 'b') ? 1 : 0",
    "JSON": (
        "const big = Array.from({ length: 1000 }, (_, i) => ({ i, s: "
        "'x'.repeat(100) }));"
        " for (;;) JSON.parse(JSON.stringify(big))"
    ),
    "sort comparator": "for (;;) [3, 1, 2].sort((a, b) => a - b)",
    "getter": "const o = { get a(): number { for (;;) {} } }; return o.a",
    "toJSON while converting": "LOOPS IN toJSON",
    "generator": "function* g() { for (;;) yield 1 } for (const _ of g()) {} return 1",
    "proxy": "const p: any = new Proxy({}, { get: () => { for (;;) {} } }); return p.a",
    "allocation": "for (;;) { new Array(1000).fill({}) }",
    "BigInt": "let n = 3n; for (;;) { n = (n * n) % (2n ** 4096n) }",
    "string building": "for (;;) { let s = ''; for (let i = 0; i < 1e5; i++) s += i }",
    "nested function": "ctx.db.sync.query('select loops_forever()'); return 1",
    "nested and caught": (
        "for (;;) { try { ctx.db.sync.query('select loops_forever()') } catch {} }"
    ),
}


def define_loop(connection: Connection, body: str) -> None:
    define(connection, "loops_forever() returns int", "for (;;) {}")
    if body == "LOOPS IN toJSON":
        define(
            connection,
            "loops() returns jsonb",
            "return { get a(): number { for (;;) {} } }",
        )
    else:
        connection.execute("drop function if exists loops()")
        define(connection, "loops() returns int", body)


@pytest.fixture
def looping(session: Connection, request: pytest.FixtureRequest) -> Connection:
    """A session in which loops() runs the loop that is the test's parameter."""
    define_loop(session, LOOPS[request.param])
    return session


every_loop = pytest.mark.parametrize("looping", LOOPS, indirect=True)


@every_loop
def test_statement_timeout_stops(looping: Connection) -> None:
    looping.execute("set statement_timeout = '200ms'")
    start = time.monotonic()

    with refused("57014"):
        fetch(looping, "select loops()")

    assert time.monotonic() - start < 10
    looping.execute("reset statement_timeout")
    assert evaluate(looping, "int", "return 1 + 1") == 2


@pytest.mark.parametrize(
    "looping",
    [
        "empty loop",
        "finally",
        "promises caught",
        "caught statements",
        "regular expression",
    ],
    indirect=True,
)
def test_cancel_stops(looping: Connection, open_session: OpenSession) -> None:
    observer = open_session()
    running = Running(looping, "select loops()")
    eventually(lambda: is_active(observer, running.pid))

    observer.execute("select pg_cancel_backend(%s)", [running.pid])
    error = running.finish()

    assert isinstance(error, psycopg.errors.QueryCanceled)
    assert evaluate(looping, "int", "return 1 + 1") == 2


@pytest.mark.parametrize(
    "looping",
    ["empty loop", "finally", "promises caught", "microtasks", "caught statements"],
    indirect=True,
)
def test_terminate_ends_the_session(
    looping: Connection, open_session: OpenSession
) -> None:
    observer = open_session()
    running = Running(looping, "select loops()")
    eventually(lambda: is_active(observer, running.pid))

    observer.execute("select pg_terminate_backend(%s)", [running.pid])
    error = running.finish()

    assert isinstance(error, psycopg.errors.AdminShutdown)
    assert is_gone(observer, running.pid)


@pytest.mark.parametrize(
    "looping", ["empty loop", "finally", "nested and caught", "promises"], indirect=True
)
def test_max_runtime_stops(looping: Connection) -> None:
    looping.execute("set plts.max_runtime_ms = 200")

    with refused("57014") as refusal:
        fetch(looping, "select loops()")

    assert "plts.max_runtime_ms" in refusal.message
    assert evaluate(looping, "int", "return 1 + 1") == 2


@pytest.mark.parametrize(
    ("statement_timeout", "max_runtime", "stricter"),
    [("10s", 200, "plts.max_runtime_ms"), ("200ms", 10_000, "statement timeout")],
)
def test_the_stricter_limit_wins(
    session: Connection, statement_timeout: str, max_runtime: int, stricter: str
) -> None:
    define_loop(session, "for (;;) {}")
    session.execute(
        "select set_config('statement_timeout', %s, false)", [statement_timeout]
    )
    session.execute(f"set plts.max_runtime_ms = {max_runtime}".encode())

    with refused("57014") as refusal:
        fetch(session, "select loops()")

    assert stricter in refusal.message


def test_max_runtime_counts_each_outermost_call(session: Connection) -> None:
    define(
        session,
        "busy() returns int",
        "const end = performance.now() + 60; while (performance.now() < end); return 1",
    )
    session.execute("set plts.max_runtime_ms = 400")

    assert fetch(session, "select sum(busy()) from generate_series(1, 12)") == 12


def test_max_runtime_leaves_plain_sql_alone(session: Connection) -> None:
    define(session, "one() returns int", "return 1")
    session.execute("set plts.max_runtime_ms = 50")
    session.execute("select one()")

    assert fetch(session, "select 1 from pg_sleep(0.2)") == 1


def test_handlers_do_not_run_after_a_timeout(session: Connection) -> None:
    session.execute("create table t (a int)")
    define(
        session,
        "loops() returns int",
        "try { for (;;) {} } catch { console.error('caught') } "
        "finally { console.error('finally') } return 1",
    )
    notices: list[object] = []
    session.add_notice_handler(notices.append)
    session.execute("set statement_timeout = '100ms'")

    with refused("57014"):
        fetch(session, "select loops()")

    assert notices == []


def test_promise_handlers_do_not_run_after_a_timeout(session: Connection) -> None:
    body = """
        const report = () => { console.error('ran') };
        return await ctx.db.query('select pg_sleep(10)')
            .then(report, report).finally(report).then(() => 1)
    """
    define(session, "sleeps() returns int", body)
    notices: list[object] = []
    session.add_notice_handler(notices.append)
    session.execute("set statement_timeout = '100ms'")

    with refused("57014"):
        fetch(session, "select sleeps()")
    session.execute("reset statement_timeout")
    evaluate(session, "int", "await null; return 1")

    assert notices == []


@pytest.mark.parametrize(
    ("returns", "body"),
    [
        ("jsonb", "return { toJSON() { for (;;) {} } }"),
        ("json", "return [{ get a() { for (;;) {} } }]"),
        ("int[]", "return Object.defineProperty([1], 0, { get() { for (;;) {} } })"),
        ("p", "return { get x(): number { for (;;) {} }, y: 1 }"),
        ("jsonb", "return new Proxy({}, { ownKeys() { for (;;) {} } })"),
        ("int", "throw { get message(): string { for (;;) {} } }"),
        ("int", "throw new Proxy({}, { get() { for (;;) {} } })"),
        (
            "int",
            "ctx.db.sync.query('select $1::int[]', "
            "[Object.defineProperty([1], 0, { get() { for (;;) {} } })]); return 1",
        ),
        ("int", "console.error({ get a() { for (;;) {} } }); for (;;) {}"),
        ("jsonb", "const a: unknown[] = []; a.length = 50_000_000; return a"),
        ("int[]", "const a: number[] = []; a.length = 100_000_000; return a"),
    ],
)
def test_code_that_runs_during_conversion_is_stopped(
    session: Connection, returns: str, body: str
) -> None:
    session.execute("create type p as (x int, y int)")
    define(session, f"converts() returns {returns}", body)
    session.execute("set statement_timeout = '300ms'")

    with refused("57014"):
        fetch(session, "select converts()")

    session.execute("reset statement_timeout")
    assert evaluate(session, "int", "return 1 + 1") == 2


def test_plpgsql_handler_does_not_catch_the_cancel(session: Connection) -> None:
    define_loop(session, "for (;;) {}")
    session.execute(
        "create function tries() returns text language plpgsql as $$ begin "
        "perform loops(); return 'none'; exception when others then return "
        "'caught'; end $$"
    )
    session.execute("set statement_timeout = '200ms'")

    with refused("57014"):
        fetch(session, "select tries()")


def test_drop_database_elsewhere_is_not_held_up(
    session: Connection, open_session: OpenSession, cluster: RunningCluster
) -> None:
    define_loop(session, "for (;;) {}")
    observer = open_session()
    running = Running(session, "select loops()")
    eventually(lambda: is_active(observer, running.pid))
    other = cluster.clone()

    start = time.monotonic()
    cluster.drop(other)
    took = time.monotonic() - start

    observer.execute("select pg_cancel_backend(%s)", [running.pid])
    assert isinstance(running.finish(), psycopg.errors.QueryCanceled)
    assert took < 5


def test_logging_request_is_served_in_a_loop(
    session: Connection, open_session: OpenSession, cluster: RunningCluster
) -> None:
    define_loop(session, "for (;;) {}")
    observer = open_session()
    running = Running(session, "select loops()")
    eventually(lambda: is_active(observer, running.pid))
    log = cluster.cluster.log
    start = log.stat().st_size

    observer.execute("select pg_log_backend_memory_contexts(%s)", [running.pid])
    eventually(lambda: b"logging memory contexts of PID" in log.read_bytes()[start:])

    observer.execute("select pg_cancel_backend(%s)", [running.pid])
    assert isinstance(running.finish(), psycopg.errors.QueryCanceled)


def test_timeout_that_comes_while_waiting_for_a_lock(
    session: Connection, open_session: OpenSession
) -> None:
    session.execute("create table t (a int)")
    define(
        session,
        "waits() returns int",
        "for (;;) { try { ctx.db.sync.exec('lock table t') } catch {} }",
    )
    other = open_session()

    with other.transaction():
        other.execute("lock table t")
        session.execute("set statement_timeout = '200ms'")
        with refused("57014"):
            fetch(session, "select waits()")


def test_lock_timeout_is_catchable(
    session: Connection, open_session: OpenSession
) -> None:
    session.execute("create table t (a int)")
    define(
        session,
        "waits() returns text",
        "try { ctx.db.sync.exec('lock table t') } catch (e: any) { return e.code } "
        "return 'none'",
    )
    other = open_session()

    with other.transaction():
        other.execute("lock table t")
        session.execute("set lock_timeout = '100ms'")

        assert fetch(session, "select waits()") == "55P03"


def test_cancel_of_an_idle_session_does_not_hit_the_next_call(
    session: Connection, open_session: OpenSession
) -> None:
    evaluate(session, "int", "return 1")
    observer = open_session()

    observer.execute("select pg_cancel_backend(%s)", [session.info.backend_pid])

    assert evaluate(session, "int", "return 2") == 2


def test_timeouts_in_a_row_leave_nothing_behind(session: Connection) -> None:
    define_loop(session, "for (;;) {}")
    session.execute("set statement_timeout = '30ms'")

    for _ in range(10):
        with refused("57014"):
            fetch(session, "select loops()")

    session.execute("reset statement_timeout")
    assert evaluate(session, "int", "return 1 + 1") == 2


def test_compiling_is_stopped(session: Connection) -> None:
    fetch(session, "select plts.typecheck_ts('export default () => 1')")
    slow = (
        "type Grow<T extends unknown[], N> = T['length'] extends N ? T : "
        "Grow<[...T, 1], N>;"
        "type Big = Grow<[], 900>;"
        + "".join(
            f"type B{i} = [Grow<[{i}], {500 + i % 400}>, Big];"
            f"const v{i}: B{i} = 1 as any as B{(i + 1) % 300};"
            for i in range(300)
        )
    )
    session.execute("set statement_timeout = '100ms'")

    with refused("57014"):
        session.execute("select plts.typecheck_ts(%s::text)", [slow])

    session.execute("reset statement_timeout")
    assert evaluate(session, "int", "return 1 + 1") == 2


def is_active(observer: Connection, pid: int) -> bool:
    """Whether the session has been busy for a moment."""
    row = observer.execute(
        "select state = 'active' and clock_timestamp() - query_start > '60ms' "
        "from pg_stat_activity where pid = %s",
        [pid],
    ).fetchone()
    return row is not None and row[0] is True


def is_gone(observer: Connection, pid: int) -> bool:
    """Whether the session has ended, in a while."""
    eventually(
        lambda: (
            fetch(
                observer, "select count(*) from pg_stat_activity where pid = %s", [pid]
            )
            == 0
        )
    )
    return True
