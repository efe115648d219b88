"""A COMMIT whose answer is lost: whether it was done is found out all the same."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

import stopgap
from stopgap.server.cluster import free_port, wait_until
from tests.client.test_client import ONE

Connection = psycopg.Connection[Any]
COMMIT = b"COMMIT\0"


class Proxy:
    """A TCP proxy that cuts the first connection when a COMMIT passes through it."""

    def __init__(self, server: str, port: int = 0) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        # Whether the COMMIT reaches the server before the connection is cut.
        self.lets_commit_through = True
        # Whether its answer comes back first.
        self.lets_answer_through = False
        # Whether connections are taken after that.
        self.returns = True
        # How many were not taken.
        self.refused = 0
        self._has_cut = False
        self._sockets: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def close(self) -> None:
        """End every connection, and what passes data between them."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            if self._has_cut and not self.returns:
                client.shutdown(socket.SHUT_RDWR)
                self.refused += 1
                continue
            server = socket.socket(socket.AF_UNIX)
            self._sockets.append(server)
            server.connect(self._server)
            self._start(self._pump, client, server, True)
            self._start(self._pump, server, client, False)

    def _pump(
        self, source: socket.socket, sink: socket.socket, to_server: bool
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                is_due = COMMIT in data and not self._has_cut
                if is_due and to_server and not self.lets_answer_through:
                    self._has_cut = True
                    self._cut(data, source, sink)
                    return
                sink.sendall(data)
                if is_due and not to_server:
                    self._has_cut = True
                    break
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _cut(self, data: bytes, client: socket.socket, server: socket.socket) -> None:
        # The client first: it must not see the answer.
        client.shutdown(socket.SHUT_RDWR)
        if self.lets_commit_through:
            server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        else:
            server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def api(connection: Connection) -> Connection:
    """A source schema with one function."""
    connection.execute("create schema api")
    connection.execute(ONE.format(value=1))
    return connection


@pytest.fixture
def proxy(database: str) -> Iterator[Proxy]:
    """The proxy, in front of the server's Unix socket."""
    parts = conninfo_to_dict(database)
    made = Proxy(f"{parts['host']}/.s.PGSQL.{parts['port']}")
    yield made
    made.close()


@pytest.fixture
def through(database: str, proxy: Proxy) -> str:
    """The DSN of the test's database through the proxy."""
    return make_conninfo(
        database,
        host="127.0.0.1",
        port=proxy.port,
        sslmode="disable",
        gssencmode="disable",
    )


def deployments(connection: Connection) -> int:
    row = connection.execute("select count(*) from stopgap.deployment").fetchone()
    return int(row[0]) if row else -1


def activations(connection: Connection) -> int:
    row = connection.execute("select count(*) from stopgap.activation_audit").fetchone()
    return int(row[0]) if row else -1


def test_a_commit_that_was_done_is_a_success(api: Connection, through: str) -> None:
    with stopgap.connect(through) as client:
        deployed = client.deploy("prod", from_schema="api", label="v1")

        assert deployed.deployment.status == "active"
        assert deployed.deployment.label == "v1"
    assert deployments(api) == 1


def test_a_commit_that_was_not_done_is_told(
    api: Connection, through: str, proxy: Proxy
) -> None:
    proxy.lets_commit_through = False
    with stopgap.connect(through) as client:
        with pytest.raises(stopgap.ConnectionFailed, match="nothing was changed"):
            client.deploy("prod", from_schema="api")

        # The client has connected again.
        assert client.status("prod") is None
        assert client.deploy("prod", from_schema="api").changed
    assert deployments(api) == 1


def test_what_a_deploy_did_is_told_although_its_answer_was_lost(
    api: Connection, database: str, through: str
) -> None:
    with stopgap.connect(database) as client:
        client.deploy("prod", from_schema="api")

    with stopgap.connect(through) as client:
        deployed = client.deploy("prod", from_schema="api")

    assert not deployed.changed
    assert deployed.outcome.activation_id == 2


def test_nothing_is_asked_behind_the_commit(
    api: Connection, through: str, proxy: Proxy
) -> None:
    proxy.lets_answer_through = True
    proxy.returns = False
    with stopgap.connect(through) as client:
        deployed = client.deploy("prod", from_schema="api")

        assert deployed.deployment.status == "active"
        with pytest.raises(stopgap.ConnectionFailed):
            client.status("prod")


Change = Callable[[stopgap.Client], int]


def roll_back(client: stopgap.Client) -> int:
    return client.rollback("prod").deployment_id


def activate(client: stopgap.Client) -> int:
    return client.activate("prod", 1).deployment_id


def repair(client: stopgap.Client) -> int:
    return client.repair("prod").deployment_id


@pytest.fixture
def history(api: Connection, database: str) -> Connection:
    """Two deployments, and drift of the second."""
    with stopgap.connect(database) as client:
        for value in (1, 2):
            api.execute(ONE.format(value=value))
            client.deploy("prod", from_schema="api")
    api.execute("alter function live_deployment.one strict")
    return api


@pytest.mark.parametrize(
    ("change", "active"), [(roll_back, 1), (activate, 1), (repair, 2)]
)
def test_a_change_that_was_committed_is_a_success(
    history: Connection, through: str, change: Change, active: int
) -> None:
    with stopgap.connect(through) as client:
        assert change(client) == active

        status = client.status("prod")
    assert status is not None
    assert status.active_deployment_id == active
    assert status.drift["has_drift"] is False
    assert activations(history) == 3


@pytest.mark.parametrize("change", [roll_back, activate, repair])
def test_a_change_that_was_not_committed_is_told(
    history: Connection, through: str, proxy: Proxy, change: Change
) -> None:
    proxy.lets_commit_through = False
    with stopgap.connect(through) as client:
        with pytest.raises(stopgap.ConnectionFailed, match="nothing was changed"):
            change(client)

        status = client.status("prod")
    assert status is not None
    assert status.active_deployment_id == 2
    assert activations(history) == 2


def test_nothing_to_do_is_nothing_to_lose(
    history: Connection, through: str, proxy: Proxy
) -> None:
    proxy.lets_commit_through = False
    with stopgap.connect(through) as client:
        assert not client.activate("prod", 2).changed


@pytest.mark.parametrize("change", [roll_back, activate, repair])
def test_where_nobody_can_be_asked_a_change_says_where_to_look(
    history: Connection, through: str, proxy: Proxy, change: Change
) -> None:
    proxy.returns = False
    with (
        stopgap.connect(through, failover_seconds=0.2) as client,
        pytest.raises(stopgap.OutcomeUnknown) as unknown,
    ):
        change(client)

    assert "stopgap audit" in str(unknown.value.hint)


def test_a_gc_whose_answer_is_lost_can_be_run_again(
    history: Connection, through: str
) -> None:
    with (
        stopgap.connect(through) as client,
        pytest.raises(stopgap.OutcomeUnknown) as unknown,
    ):
        client.gc(keep=1)

    assert "run it again" in str(unknown.value.hint)


def test_a_database_of_another_isolation_level_is_no_obstacle(
    history: Connection, database: str, through: str
) -> None:
    history.execute(
        sql.SQL(
            "alter database {} set default_transaction_isolation = serializable"
        ).format(sql.Identifier(history.info.dbname))
    )
    with stopgap.connect(through) as client:
        assert client.rollback("prod").deployment_id == 1
        assert client.repair("prod", dry_run=True).deployment_id == 1
        error = stopgap.StopgapError("it failed")
        assert client.record_failure("prod", from_schema="api", error=error) == 3
        assert client.gc(keep=1)["dry_run"] is False


@pytest.mark.parametrize("lets_commit_through", [True, False])
def test_where_nobody_can_be_asked_the_outcome_stays_unknown(
    api: Connection, through: str, proxy: Proxy, lets_commit_through: bool
) -> None:
    proxy.lets_commit_through = lets_commit_through
    proxy.returns = False
    with (
        stopgap.connect(through, failover_seconds=0.2) as client,
        pytest.raises(stopgap.OutcomeUnknown) as unknown,
    ):
        client.deploy("prod", from_schema="api")

    assert unknown.value.exit_code == 15


def test_a_promotion_is_found_by_its_token_too(
    api: Connection, database: str, through: str
) -> None:
    with stopgap.connect(database) as client:
        client.deploy("staging", from_schema="api")

    with stopgap.connect(through) as client:
        made = client.promote("staging", "prod")

    assert made.deployment.status == "active"
    assert deployments(api) == 2


@contextmanager
def beside(work: Callable[[], None]) -> Iterator[None]:
    """Run work in a thread while the block runs; what it raises comes after it."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        yield
        future.result(timeout=60)


@pytest.mark.parametrize("lets_commit_through", [True, False])
def test_every_host_is_asked_for_as_long_as_a_failover_takes(
    api: Connection, database: str, proxy: Proxy, lets_commit_through: bool
) -> None:
    proxy.returns = False
    proxy.lets_commit_through = lets_commit_through
    parts = conninfo_to_dict(database)
    later = free_port()
    took_over: list[Proxy] = []
    dsn = make_conninfo(
        database,
        host="127.0.0.1,127.0.0.1",
        port=f"{proxy.port},{later}",
        sslmode="disable",
        gssencmode="disable",
    )

    def take_over() -> None:
        assert wait_until(lambda: proxy.refused >= 2, seconds=30)
        server = f"{parts['host']}/.s.PGSQL.{parts['port']}"
        took_over.append(Proxy(server, later))

    try:
        with beside(take_over), stopgap.connect(dsn, failover_seconds=60) as client:
            if lets_commit_through:
                assert client.deploy("prod", from_schema="api").deployment_id == 1
            else:
                with pytest.raises(stopgap.ConnectionFailed, match="nothing was chang"):
                    client.deploy("prod", from_schema="api")
            assert (client.status("prod") is not None) is lets_commit_through
    finally:
        for each in took_over:
            each.close()
    assert deployments(api) == int(lets_commit_through)
