"""A deploy or rollback that is cut short at any step changes nothing at all."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

import psycopg
import pytest

from stopgap.server.cluster import wait_until
from tests.fixtures.cluster import Connect, RunningCluster, StartCluster
from tests.stopgap import faults
from tests.stopgap.schema import Connection, bodies, deploy, rows, status, value, write

pytestmark = pytest.mark.slow

DEPLOY: tuple[Any, ...] = ("deploy", "prod", "shop", None, {"prune": True})
ROLLBACK: tuple[Any, ...] = ("rollback", "prod", 1, None, {})
ACTIVATE: tuple[Any, ...] = ("activate", "prod", 1, {})
PROMOTE: tuple[Any, ...] = ("promote", "prod", "staging", {})
GC: tuple[Any, ...] = ("gc", {"keep": 1, "grace": "0 days"})
FAULTS = {"error": "P0001", "cancel": "57014", "terminate": "57P01"}
VERBS = pytest.mark.parametrize("verb", [DEPLOY, ROLLBACK], ids=lambda verb: verb[0])


@dataclass(frozen=True)
class State:
    """All that must be entirely old or entirely new."""

    status: Any
    deployments: list[tuple[Any, ...]]
    versions: list[tuple[Any, ...]]
    activations: list[tuple[Any, ...]]
    bodies: dict[str, str]
    answers: list[Any]


def state(connection: Connection) -> State:
    live = bodies(connection)
    return State(
        status(connection),
        rows(connection, "select * from stopgap.deployment order by id"),
        rows(connection, "select * from stopgap.fn_version order by 1, 3, 2"),
        rows(connection, "select * from stopgap.activation_log order by id"),
        live,
        [
            value(connection, f"select live_deployment.{name}('{{}}')")
            for name in sorted(live)
        ],
    )


def prepare(connection: Connection) -> None:
    """Two deployments, and a third to be made: one function is new, one is gone."""
    write(connection, "f", 1)
    write(connection, "g", 1)
    deploy(connection)
    write(connection, "f", 2)
    deploy(connection)
    write(connection, "f", 3)
    write(connection, "h", 3)
    connection.execute("drop function shop.g(jsonb)")
    faults.install(connection)


def check_next_command_works(connection: Connection) -> None:
    """Deploy for good; the environment is what the source says, with no drift."""
    deployed = deploy(connection, options='{"prune": true}')
    found = status(connection)
    assert found["active_deployment_id"] == deployed
    assert found["drift"]["has_drift"] is False
    assert value(connection, "select live_deployment.f('{}')") == 3
    assert bodies(connection).keys() == {"f", "h"}


@pytest.mark.parametrize(
    ("verb", "fault"),
    [
        *((verb, fault) for verb in (DEPLOY, ROLLBACK) for fault in FAULTS),
        (ACTIVATE, "error"),
        (PROMOTE, "error"),
        (GC, "error"),
    ],
    ids=lambda each: each if isinstance(each, str) else each[0],
)
def test_a_step_that_fails_leaves_everything_as_it_was(
    connection: Connection, connect: Connect, verb: tuple[Any, ...], fault: str
) -> None:
    prepare(connection)
    before = state(connection)
    steps = faults.count_steps(connection, *verb)
    assert steps > 10

    for at in range(1, steps + 1):
        with connect() as victim, pytest.raises(psycopg.Error) as error:
            faults.run(victim, *verb, at=at, fault=fault)
        assert error.value.sqlstate == FAULTS[fault], at
        assert state(connection) == before, at

    check_next_command_works(connection)


class Fragile:
    """A server that crashes and comes back, for these tests alone."""

    # What was committed is written, if not to the disk itself: the machine lives on.
    _kept: ClassVar = {"fsync": "off", "synchronous_commit": "on"}

    def __init__(self, start: StartCluster, **settings: str) -> None:
        self._settings = {**self._kept, **settings}
        self.running = start(**self._settings)
        with self.connect() as connection:
            connection.execute("create extension stopgap cascade")
            prepare(connection)

    def connect(self) -> Connection:
        """Connect once the server takes connections again."""
        connection: Connection | None = None

        def connects() -> bool:
            nonlocal connection
            try:
                connection = self.running.connect()
            except psycopg.OperationalError:
                return False
            return True

        assert wait_until(connects, seconds=60)
        assert connection is not None
        return connection

    def wait_for_restart(self, log_start: int) -> None:
        """Wait until the server has begun anew after a crash of one of its backends."""

        def has_begun() -> bool:
            lines = self.running.cluster.log_tail(start=log_start, lines=1000)
            return any("reinitializing" in line for line in lines)

        assert wait_until(has_begun, seconds=60)

    def log_size(self) -> int:
        """Return how long the server's log is now."""
        return self.running.cluster.log.stat().st_size

    def stop_at_once(self) -> None:
        """Stop as if the power failed, and start again."""
        cluster = self.running.cluster
        os.kill(self.running.pid, signal.SIGQUIT)
        assert wait_until(lambda: cluster.running() is None, seconds=60)
        again = cluster.start(port=self.running.port, settings=self._settings)
        self.running = RunningCluster(cluster, again.port, again.pid)


@pytest.fixture
def fragile(start_cluster: StartCluster) -> Fragile:
    return Fragile(start_cluster)


@pytest.mark.crashes
@VERBS
def test_a_backend_killed_at_any_step_leaves_everything_as_it_was(
    fragile: Fragile, verb: tuple[Any, ...]
) -> None:
    with fragile.connect() as connection:
        before = state(connection)
        steps = faults.count_steps(connection, *verb)

    for at in range(1, steps + 1):
        log_start = fragile.log_size()
        with pytest.raises(psycopg.OperationalError), fragile.connect() as victim:
            faults.run(victim, *verb, at=at, fault="kill")
        fragile.wait_for_restart(log_start)
        with fragile.connect() as connection:
            assert state(connection) == before, at

    with fragile.connect() as connection:
        check_next_command_works(connection)


@pytest.mark.crashes
@VERBS
def test_a_server_stopped_at_once_at_any_step_leaves_everything_as_it_was(
    fragile: Fragile, verb: tuple[Any, ...]
) -> None:
    with fragile.connect() as connection:
        before = state(connection)
        steps = faults.count_steps(connection, *verb)

    # Every third step: a start of the server takes its time, and the killed backends
    # have shown each of them.
    for at in range(1, steps + 1, 3):
        with fragile.connect() as gate, ThreadPoolExecutor(1) as pool:
            value(gate, "select pg_advisory_lock(%s)", faults.GATE)
            with fragile.connect() as victim:
                running = pool.submit(faults.run, victim, *verb, at=at, fault="wait")
                assert wait_until(lambda: _waits_at_the_gate(gate), seconds=60)
                fragile.stop_at_once()
                with pytest.raises(psycopg.OperationalError):
                    running.result(timeout=60)
        with fragile.connect() as connection:
            assert state(connection) == before, at

    with fragile.connect() as connection:
        check_next_command_works(connection)


@pytest.mark.crashes
def test_a_deploy_that_was_committed_survives_the_server_being_stopped_at_once(
    fragile: Fragile,
) -> None:
    with fragile.connect() as connection:
        deploy(connection, options='{"prune": true}')
        after = state(connection)

    fragile.stop_at_once()

    with fragile.connect() as connection:
        assert state(connection) == after


@pytest.mark.crashes
def test_a_prepared_deploy_survives_a_crash_and_activates_when_it_is_committed(
    start_cluster: StartCluster,
) -> None:
    server = Fragile(start_cluster, max_prepared_transactions="2")
    with server.connect() as connection:
        before = state(connection)
        connection.execute("set stopgap.notify = off")
        connection.execute("begin")
        deploy(connection, options='{"prune": true}')
        connection.execute("prepare transaction 'deploying'")

    server.stop_at_once()

    with server.connect() as connection:
        assert state(connection) == before
        connection.execute("commit prepared 'deploying'")
        assert status(connection)["active_deployment_id"] == 3
        assert status(connection)["drift"]["has_drift"] is False
        assert bodies(connection).keys() == {"f", "h"}
        check_next_command_works(connection)


def test_a_full_disk_leaves_everything_as_it_was(
    connection: Connection, connect: Connect
) -> None:
    """A backend's limit on the size of files stands for the disk's."""
    prepare(connection)
    # Artifacts of 20 MB, while every other file stays below one segment of the log.
    connection.execute(
        "insert into plts.artifact (artifact_hash, source_ts, compiled_js,"
        " compiled_sha256, compiler_opts, compiler_fingerprint)"
        " select 'sha256:' || encode(sha256(n::text::bytea), 'hex'), '',"
        "  (select string_agg(encode(sha256((n || '-' || i)::bytea), 'hex'), '')"
        "   from generate_series(1, 32000) as i), '', '{}', ''"
        " from generate_series(1, 16) as n"
    )
    long = "export default () => 3; // " + " ".join(str(n * n) for n in range(300_000))
    write(connection, "f", 3)
    connection.execute("set check_function_bodies = off")
    write(connection, "h", long)
    before = state(connection)
    victim = connect()
    victim.execute(
        "do language plpython3u $$ import resource;"
        " resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 24, 1 << 24)) $$"
    )

    with pytest.raises(psycopg.Error, match="could not extend file"):
        deploy(victim)

    assert state(connection) == before
    write(connection, "h", 3)
    check_next_command_works(connection)


def _waits_at_the_gate(connection: Connection) -> bool:
    return bool(
        value(
            connection,
            "select count(*) from pg_locks where locktype = 'advisory'"
            " and objid = %s and not granted",
            faults.GATE,
        )
    )
