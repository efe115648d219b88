"""plts.metrics(): what is counted, and the class of each error."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, OpenSession, define, fetch, metrics

EMPTY_LATENCY = {"total": 0, "last": 0, "max": 0}


def test_counters_of_a_fresh_session(session: Connection) -> None:
    assert metrics(session) == {
        "compile": {
            "calls": 0,
            "errors": 0,
            "latency_ms": EMPTY_LATENCY,
            "error_classes": {"diagnostics": 0, "sql": 0, "unknown": 0},
        },
        "execute": {
            "calls": 0,
            "errors": 0,
            "latency_ms": EMPTY_LATENCY,
            "error_classes": {
                "timeout": 0,
                "memory": 0,
                "cancel": 0,
                "js_exception": 0,
                "sql": 0,
                "unknown": 0,
            },
        },
    }


def test_calls_are_counted(session: Connection) -> None:
    define(session, "f() returns int", "return 1")

    session.execute("select f() from generate_series(1, 10)")

    counted = metrics(session)["execute"]
    assert counted["calls"] == 10
    assert counted["errors"] == 0


def test_nested_calls_are_counted(session: Connection) -> None:
    define(session, "inner_call() returns int", "return 1")
    define(
        session,
        "outer_call() returns json",
        "return ctx.db.query('select inner_call()')",
    )

    session.execute("select outer_call()")

    assert metrics(session)["execute"]["calls"] == 2


def test_compilations_are_counted(session: Connection) -> None:
    define(session, "f() returns int", "return 1")
    define(session, "g() returns int", "return 2")

    counted = metrics(session)["compile"]

    assert counted["calls"] == 2
    assert counted["errors"] == 0


def test_latencies_are_milliseconds(session: Connection) -> None:
    define(
        session,
        "busy() returns int",
        "const end = performance.now() + 30; while (performance.now() < end); return 1",
    )
    define(session, "quick() returns int", "return 1")

    session.execute("select busy()")
    session.execute("select quick()")

    latency = metrics(session)["execute"]["latency_ms"]
    assert 29 <= latency["max"] < 5000
    assert latency["last"] < latency["max"]
    assert latency["total"] == pytest.approx(latency["max"] + latency["last"], rel=0.01)


def test_diagnostics_are_a_class(session: Connection) -> None:
    with pytest.raises(Exception, match="TS2322"):
        define(session, "f() returns int", "return 'x'")

    counted = metrics(session)["compile"]
    assert counted["calls"] == 1
    assert counted["errors"] == 1
    assert counted["error_classes"] == {"diagnostics": 1, "sql": 0, "unknown": 0}


CLASSES = {
    "js_exception": "throw new Error('canceling statement due to statement timeout')",
    "js_exception of a proxy": "throw new Proxy({}, { get() { throw 1 } })",
    "js_exception of an unhandled rejection": "void Promise.reject(1); return 1",
    "sql": "ctx.db.sync.query('select 1/0'); return 1",
    "sql awaited": "await ctx.db.query('select 1/0'); return 1",
    "sql like a timeout": "ctx.db.sync.exec(\"do $d$ begin raise exception 'statement "
    "timeout' "
    "using errcode = '57014'; end $d$\"); return 1",
    "timeout": "for (;;) {}",
    "timeout in a statement": "ctx.db.sync.query('select pg_sleep(10)'); return 1",
    "memory": "const a: unknown[] = []; for (;;) a.push(new Array(1000).fill({}))",
    "cancel": "ctx.db.sync.query('select pg_cancel_backend(pg_backend_pid())'); for "
    "(;;) {}",
}


@pytest.mark.parametrize("name", CLASSES)
def test_class_of_an_error(session: Connection, name: str) -> None:
    define(session, "fails() returns int", CLASSES[name])
    session.execute("set plts.max_heap_mb = 32")
    if name.startswith("timeout"):
        session.execute("set statement_timeout = '150ms'")

    with pytest.raises(Exception, match=r"."):
        session.execute("select fails()")

    session.execute("reset statement_timeout")
    classes = metrics(session)["execute"]["error_classes"]
    expected = name.split()[0]
    if name == "sql like a timeout":
        assert sum(classes.values()) == 1
        assert classes["timeout"] == 0
    else:
        assert {key: count for key, count in classes.items() if count} == {expected: 1}


def test_runtime_limit_is_a_timeout(session: Connection) -> None:
    define(session, "fails() returns int", "for (;;) {}")
    session.execute("set plts.max_runtime_ms = 50")

    with pytest.raises(Exception, match="max_runtime_ms"):
        session.execute("select fails()")

    assert metrics(session)["execute"]["error_classes"]["timeout"] == 1


def test_refused_result_is_counted(session: Connection) -> None:
    define(session, "fails() returns int", "return 1.5")

    with pytest.raises(Exception, match=r"1\.5"):
        session.execute("select fails()")

    assert metrics(session)["execute"]["errors"] == 1


def test_caught_error_counts_for_the_inner_call_only(session: Connection) -> None:
    define(session, "inner_call() returns int", "throw new Error('x')")
    define(
        session,
        "outer_call() returns int",
        "try { ctx.db.sync.query('select inner_call()') } catch {} return 1",
    )

    session.execute("select outer_call()")

    counted = metrics(session)["execute"]
    assert (counted["calls"], counted["errors"]) == (2, 1)


def test_counters_are_of_the_backend(
    session: Connection, open_session: OpenSession
) -> None:
    define(session, "f() returns int", "return 1")
    fetch(session, "select f()")

    assert metrics(open_session())["execute"]["calls"] == 0
