"""Callers, deployers and granters at the same time, over real sessions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import errors

from stopgap.server.cluster import wait_until
from tests.fixtures.cluster import Connect, StartCluster
from tests.stopgap.schema import (
    Connection,
    bodies,
    deploy,
    rollback,
    status,
    statuses,
    value,
    write,
)

PRUNE = '{"prune": true, "allow_empty": true}'

# Both numbers come from one module: a call that mixed two versions would show.
BOTH = "const version = {0};\nexport default () => ({{ a: {0}, b: version }});"


@contextmanager
def in_thread(work: Callable[[], int]) -> Iterator[Future[int]]:
    """Run work beside the test, which may wait for its result."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(work)


def backend(connection: Connection) -> int:
    return connection.info.backend_pid


def wait_until_blocked(observer: Connection, pid: int) -> None:
    """Wait until a session waits for a lock."""

    def is_blocked() -> bool:
        return bool(
            value(
                observer,
                "select count(*) from pg_stat_activity"
                " where pid = %s and wait_event_type = 'Lock'",
                pid,
            )
        )

    assert wait_until(is_blocked, seconds=30)


class Caller(threading.Thread):
    """Calls live functions over and over until it is told to stop."""

    def __init__(self, connection: Connection, statement: str) -> None:
        super().__init__()
        self._connection = connection
        self._statement = statement.encode()
        self._stop_it = threading.Event()
        self.answers: list[Any] = []
        self.error: Exception | None = None

    def run(self) -> None:
        """Call until stopped, or until a call fails."""
        try:
            while not self._stop_it.is_set():
                row = self._connection.execute(self._statement).fetchone()
                self.answers.append(row[0] if row else None)
        except Exception as error:
            self.error = error

    def latest(self) -> Any:
        """Return the last answer of the last call."""
        if not self.answers:
            return None
        answer = self.answers[-1]
        return answer[-1] if isinstance(answer, list) else answer

    def stop(self) -> None:
        """End the loop and wait for it."""
        self._stop_it.set()
        self.join()


def test_callers_see_each_call_one_version_and_never_an_error(
    connection: Connection, connect: Connect
) -> None:
    write(connection, "f", BOTH.format(0))
    write(connection, "g", BOTH.format(0))
    deploy(connection)
    connection.execute("create role test_caller login in role app_user")
    prepared = connect(role="test_caller")
    prepared.prepare_threshold = 0
    callers = [
        Caller(connect(role="test_caller"), "select live_deployment.f('{}')"),
        Caller(connect(role="test_caller"), "select live_deployment.g('{}')"),
        Caller(prepared, "select live_deployment.f('{}')"),
        Caller(
            connect(role="test_caller"),
            "select jsonb_agg(live_deployment.f('{}')) from generate_series(1, 50)",
        ),
    ]
    for caller in callers:
        caller.start()

    for version in range(1, 16):
        write(connection, "f", BOTH.format(version))
        write(connection, "g", BOTH.format(version))
        deploy(connection)
        if version % 3 == 0:
            rollback(connection)
            rollback(connection, to_id=version + 1)
    last = value(connection, "select live_deployment.f('{}')")
    # Other sessions notice the last change too, with no call going wrong on the way.
    wait_until(lambda: all(each.latest() == last for each in callers), seconds=30)
    for caller in callers:
        caller.stop()

    assert [caller.error for caller in callers] == [None] * len(callers)
    assert last == {"a": 15, "b": 15}
    assert [caller.latest() for caller in callers] == [last] * len(callers)
    for caller in callers:
        calls: list[Any] = [
            each
            for answer in caller.answers
            for each in (answer if isinstance(answer, list) else [answer])
        ]
        assert len(calls) > 15
        assert all(each["a"] == each["b"] for each in calls)
    # One statement's call site keeps the version that it ran first.
    for statement in callers[-1].answers:
        assert len({each["a"] for each in statement}) == 1


def test_two_deployers_of_one_environment_queue(
    connection: Connection, connect: Connect
) -> None:
    write(connection, "f")
    first, second = connect(autocommit=False), connect()
    first.execute("set application_name = 'the first'")
    said: list[str | None] = []
    second.add_notice_handler(lambda notice: said.append(notice.message_primary))
    one = deploy(first)

    with in_thread(lambda: deploy(second)) as deploying:
        wait_until_blocked(connection, backend(second))
        first.commit()
        two = deploying.result(timeout=30)

    assert statuses(connection) == {one: "superseded", two: "active"}
    assert said == [
        'waiting for the lock of environment "prod", held by process'
        f' {backend(first)} (role "postgres", application "the first")'
    ]


def test_a_deployer_sees_what_the_one_before_did(
    connection: Connection, connect: Connect
) -> None:
    write(connection, "f")
    first, second = connect(autocommit=False), connect()
    deploy(first)

    with in_thread(lambda: rollback(second)) as rolling_back:
        wait_until_blocked(connection, backend(second))
        first.rollback()
        # What it would have rolled back was never committed.
        with pytest.raises(psycopg.Error) as error:
            rolling_back.result(timeout=30)

    assert error.value.sqlstate == "SG202"


def test_deployers_of_different_environments_do_not_wait(
    connection: Connection, connect: Connect
) -> None:
    write(connection, "f")
    first, second = connect(autocommit=False), connect()
    second.execute("set lock_timeout = '1ms'")
    deploy(first, "prod")

    deploy(second, "staging")

    first.commit()
    assert bodies(connection) == bodies(connection, "live_deployment_staging")


def test_waiting_ends_with_lock_timeout(
    connection: Connection, connect: Connect
) -> None:
    write(connection, "f")
    first, second = connect(autocommit=False), connect()
    deploy(first)
    second.execute("set lock_timeout = '10ms'")

    with pytest.raises(psycopg.Error, match="busy") as error:
        deploy(second)

    assert error.value.sqlstate == "SG207"
    assert str(backend(first)) in (error.value.diag.message_detail or "")


def test_waiting_ends_when_it_is_cancelled(
    connection: Connection, connect: Connect
) -> None:
    write(connection, "f")
    first, second = connect(autocommit=False), connect()
    deploy(first)

    with in_thread(lambda: deploy(second)) as deploying:
        wait_until_blocked(connection, backend(second))
        value(connection, "select pg_cancel_backend(%s)", backend(second))
        with pytest.raises(errors.QueryCanceled):
            deploying.result(timeout=30)

    first.commit()
    assert len(statuses(connection)) == 1


def test_a_grant_at_the_same_time_is_a_refusal_to_be_retried(
    connection: Connection, connect: Connect
) -> None:
    write(connection, "f")
    deploy(connection)
    write(connection, "f", 2)
    granter, deployer = connect(autocommit=False), connect()
    granter.execute("grant execute on function live_deployment.f to pg_monitor")

    with in_thread(lambda: deploy(deployer)) as deploying:
        wait_until_blocked(connection, backend(deployer))
        granter.commit()
        with pytest.raises(psycopg.Error, match="same time") as error:
            deploying.result(timeout=30)

    assert error.value.sqlstate == "SG208"
    assert status(connection)["active_deployment_id"] == 1
    deploy(deployer)


def test_something_that_comes_to_depend_on_a_pruned_function_is_a_refusal(
    connection: Connection, connect: Connect
) -> None:
    write(connection, "f")
    deploy(connection)
    connection.execute("drop function shop.f(jsonb)")
    other, deployer = connect(autocommit=False), connect()
    other.execute("create view shop.v as select live_deployment.f('{}') as f")

    with in_thread(lambda: deploy(deployer, options=PRUNE)) as deploying:
        wait_until_blocked(connection, backend(deployer))
        other.commit()
        with pytest.raises(psycopg.Error, match="same time") as error:
            deploying.result(timeout=30)

    assert error.value.sqlstate == "SG208"
    assert bodies(connection).keys() == {"f"}


@pytest.mark.slow
def test_a_prepared_transaction_is_named_as_the_holder(
    start_cluster: StartCluster,
) -> None:
    running = start_cluster(max_prepared_transactions="2")
    with running.connect() as connection, running.connect() as waiting:
        connection.execute("create extension stopgap cascade")
        write(connection, "f")
        connection.execute("set stopgap.notify = off")
        connection.execute("begin")
        deploy(connection)
        connection.execute("prepare transaction 'held here'")
        waiting.execute("set lock_timeout = '10ms'")

        with pytest.raises(psycopg.Error) as error:
            deploy(waiting)
        connection.execute("commit prepared 'held here'")

        assert error.value.diag.message_detail == (
            'Its lock is held by the prepared transaction "held here".'
        )
        assert deploy(waiting) > 1
