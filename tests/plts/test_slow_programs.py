"""Programs that V8 hardly interrupts lose their statement, and keep their session.

By default each is interrupted once, in one of the ways. All of it, so many times each:
`STOPGAP_INTERRUPT_RUNS=10 build/venv/bin/pytest tests/plts/test_slow_programs.py`.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from stopgap.server import Account, Tree
from tests.fixtures.cluster import PRELOADED, RunningCluster, running_cluster
from tests.plts.slow_programs import MAY_LOSE_THE_SESSION, SLOW_PROGRAMS
from tests.plts.support import (
    Connection,
    define,
    evaluate,
    fetch,
    force_parallel,
    refused,
)
from tests.plts.waiting import Running, eventually

RUNS = int(os.environ.get("STOPGAP_INTERRUPT_RUNS", "0"))
WAYS = ("timeout", "limit", "cancel", "terminate")
# When it comes: most programs are past their preparations then.
AFTER_MS = 700
# What runs on the servers and in the ways that are not the common ones.
CHOSEN = (
    "600,000 live objects",
    "new Array(1e5).fill",
    "sort of a million numbers",
    "replaceAll on 10 MB",
    "JSON.parse of 20 MB",
    "fill of a typed array",
)

Report = Callable[[str, float], None]
Connect = Callable[[], Connection]


def matrix(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return which programs are interrupted how: each in one way, or in all."""
    if RUNS:
        return [(name, way) for name in names for way in WAYS for _ in range(RUNS)]
    return list(zip(names, itertools.cycle(WAYS), strict=False))


common = pytest.mark.parametrize(("name", "way"), matrix(tuple(SLOW_PROGRAMS)))
chosen = pytest.mark.parametrize(("name", "way"), matrix(CHOSEN))


@pytest.fixture(scope="module")
def report(request: pytest.FixtureRequest) -> Iterator[Report]:
    """Print how late the latest of each were; nothing is expected of it."""
    worst: dict[str, float] = {}

    def keep(title: str, seconds: float) -> None:
        worst[title] = max(seconds, worst.get(title, 0.0))

    yield keep
    reporter = request.config.pluginmanager.getplugin("terminalreporter")
    ranking = sorted(worst.items(), key=lambda item: -item[1])
    for title, seconds in ranking if RUNS else ranking[:5]:
        reporter.write_line(f"\nended {seconds:6.2f} s late: {title}")


@pytest.fixture
def sessions(cluster: RunningCluster, shared_database: str) -> Iterator[Connect]:
    """A factory of sessions in the module's database, on the server of the run."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(cluster.connect(shared_database))


def interrupt(
    connect: Connect, name: str, way: str, report: Report, parallel: bool = False
) -> None:
    """Run a slow program, stop it, and see what it ends with and what goes on."""
    session, observer = connect(), connect()
    function = f"slow_{session.info.backend_pid}"
    session.execute("set client_min_messages = error")
    define(session, f"{function}() returns void parallel safe", SLOW_PROGRAMS[name])
    if parallel:
        force_parallel(session)
    if way == "timeout":
        session.execute(f"set statement_timeout = {AFTER_MS}".encode())
    if way == "limit":
        session.execute(f"set plts.max_runtime_ms = {AFTER_MS}".encode())

    due = time.monotonic() + AFTER_MS / 1000
    running = Running(session, f"select {function}()")
    if way in ("cancel", "terminate"):
        eventually(lambda: has_run(observer, running.pid))
        due = time.monotonic()
        function = "pg_cancel_backend" if way == "cancel" else "pg_terminate_backend"
        fetch(observer, f"select {function}(%s)", [running.pid])
    error = running.finish()

    report(f"{name}, {way}", time.monotonic() - due)
    if way == "terminate":
        assert isinstance(error, psycopg.errors.AdminShutdown)
        return
    assert isinstance(error, psycopg.errors.QueryCanceled), error
    if name in MAY_LOSE_THE_SESSION and session.broken:
        session = connect()
    session.execute("reset statement_timeout; reset plts.max_runtime_ms")
    assert evaluate(session, "int", "return 1 + 1") == 2


def has_run(observer: Connection, pid: int) -> bool:
    """Whether the session's statement has run for as long as the timeouts are."""
    row = observer.execute(
        "select state = 'active' and clock_timestamp() - query_start "
        "> %s * interval '1 ms' from pg_stat_activity where pid = %s",
        [AFTER_MS, pid],
    ).fetchone()
    return row is not None and row[0] is True


@common
def test_slow_program(sessions: Connect, report: Report, name: str, way: str) -> None:
    interrupt(sessions, name, way, report)


@chosen
def test_slow_program_in_a_parallel_worker(
    sessions: Connect, report: Report, name: str, way: str
) -> None:
    interrupt(sessions, name, way, report, parallel=True)


@chosen
def test_slow_program_without_preloading(
    plain_cluster: RunningCluster, report: Report, name: str, way: str
) -> None:
    database = plain_cluster.clone()

    with ExitStack() as stack:
        interrupt(
            lambda: stack.enter_context(plain_cluster.connect(database)),
            name,
            way,
            report,
        )

    plain_cluster.drop(database)


@pytest.fixture(scope="module")
def interpreting(
    run_folder: Path, tree: Tree, account: Account
) -> Iterator[RunningCluster]:
    """A server whose V8 compiles nothing to machine code."""
    settings = {**PRELOADED, "plts.jit": "off"}
    with running_cluster(run_folder / "interpreting", tree, account, settings) as own:
        with own.connect() as connection:
            connection.execute("create extension plts")
        yield own


@chosen
def test_slow_program_without_the_compilers(
    interpreting: RunningCluster, report: Report, name: str, way: str
) -> None:
    with ExitStack() as stack:
        interrupt(
            lambda: stack.enter_context(interpreting.connect()), name, way, report
        )


def test_collections_and_builtins_that_come_back_cost_no_session(
    sessions: Connect,
) -> None:
    session = sessions()
    define(session, "sorts() returns void", SLOW_PROGRAMS["sort of a million numbers"])
    session.execute("set statement_timeout = 500")

    for _ in range(3):
        with refused("57014"):
            session.execute("select sorts()")

    assert not session.broken


def test_session_that_is_ended_says_what_went_on(sessions: Connect) -> None:
    session = sessions()
    define(session, "sorts() returns void", SLOW_PROGRAMS["sort of a million numbers"])
    session.execute("set statement_timeout = 500; set plts.cancel_grace_ms = 10")

    with refused("57014") as refusal:
        session.execute("select sorts()")

    assert session.broken
    assert "did not stop when it was canceled" in refusal.message
    assert "It was in" in refusal.detail or "Compiled JavaScript" in refusal.detail
    assert "plts.cancel_grace_ms" in refusal.hint


def test_session_that_is_ended_in_the_c_library_says_so(sessions: Connect) -> None:
    session = sessions()
    define(session, "fills() returns void", SLOW_PROGRAMS["fill of a typed array"])
    session.execute("set statement_timeout = 700; set plts.cancel_grace_ms = 10")

    with refused("57014") as refusal:
        session.execute("select fills()")

    assert "in the C library" in refusal.detail


def test_session_that_is_ended_in_a_compilation_says_so(sessions: Connect) -> None:
    session = sessions()
    define(session, "compiles() returns void", SLOW_PROGRAMS["1e6 alternatives"])
    session.execute("set statement_timeout = 1500; set plts.cancel_grace_ms = 10")

    with refused("57014") as refusal:
        session.execute("select compiles()")

    assert "It was in" in refusal.detail


def test_cancel_beside_the_limit_is_reported_as_what_it_is(sessions: Connect) -> None:
    session = sessions()
    define(session, "sorts() returns void", SLOW_PROGRAMS["sort of a million numbers"])
    session.execute("set plts.max_runtime_ms = 600; set statement_timeout = 610")

    with refused("57014") as refusal:
        session.execute("select sorts()")

    assert "statement timeout" in refusal.message


def test_limit_alone_is_reported_as_what_it_is(sessions: Connect) -> None:
    session = sessions()
    define(session, "sorts() returns void", SLOW_PROGRAMS["sort of a million numbers"])
    session.execute("set plts.max_runtime_ms = 600; set statement_timeout = '30s'")

    with refused("57014") as refusal:
        session.execute("select sorts()")

    assert "plts.max_runtime_ms" in refusal.message
    assert fetch(session, "select 1 from pg_sleep(0.7)") == 1
