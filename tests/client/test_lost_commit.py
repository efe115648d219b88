"""A COMMIT whose answer is lost: whether it was done is found out by its token."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

import stopgap
from tests.client.test_client import ONE

Connection = psycopg.Connection[Any]
COMMIT = b"COMMIT\0"


class Proxy:
    """A TCP proxy that cuts the first connection when a COMMIT passes through it."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        # Whether the COMMIT reaches the server before the connection is cut.
        self.lets_commit_through = True
        # Whether connections are taken after that.
        self.returns = True
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
                if to_server and COMMIT in data and not self._has_cut:
                    self._has_cut = True
                    self._cut(data, source, sink)
                    return
                sink.sendall(data)
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


@pytest.mark.parametrize("lets_commit_through", [True, False])
def test_where_nobody_can_be_asked_the_outcome_stays_unknown(
    api: Connection, through: str, proxy: Proxy, lets_commit_through: bool
) -> None:
    proxy.lets_commit_through = lets_commit_through
    proxy.returns = False
    with (
        stopgap.connect(through) as client,
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
