"""Fixtures of the language's tests."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from tests.fixtures.cluster import RunningCluster
from tests.plts.support import Connection, OpenSession

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def shared_database(cluster: RunningCluster) -> Iterator[str]:
    """The name of a database that the tests of a module share."""
    name = cluster.clone()
    yield name
    cluster.drop(name)


@pytest.fixture(scope="module")
def _session(
    cluster: RunningCluster, shared_database: str
) -> Iterator[dict[str, Connection]]:
    sessions: dict[str, Connection] = {}
    yield sessions
    for connection in sessions.values():
        connection.close()


@pytest.fixture
def shared(
    cluster: RunningCluster, shared_database: str, _session: dict[str, Connection]
) -> Connection:
    """A session that the tests of a module share: they leave nothing to each other.

    A new one takes its place where a test has lost it.
    """
    connection = _session.get("shared")
    if connection is None or connection.closed:
        connection = _session["shared"] = cluster.connect(shared_database)
        # Tests make tables of the same name anew, which no kept statement survives.
        connection.prepare_threshold = None
    return connection


@pytest.fixture
def cluster_in_latin1(cluster: RunningCluster) -> Iterator[Connection]:
    """A session on a database whose encoding is not UTF-8."""
    name = "plts_latin1"
    with cluster.connect() as connection:
        connection.execute(
            f"create database {name} template template0 encoding 'latin1' "
            "locale 'C'".encode()
        )
    with cluster.connect(name) as connection:
        connection.execute("set client_encoding = 'UTF8'")
        connection.execute("create extension plts")
        yield connection
    cluster.drop(name)


@pytest.fixture
def open_session(
    cluster: RunningCluster, shared_database: str
) -> Iterator[OpenSession]:
    """A factory of sessions that see the same new schema of the module's database.

    Quicker than a database of the test's own, for tests that need fresh sessions.
    """
    schema = f"schema_{next(_numbers)}"
    path = f"-c search_path={schema},public"
    with ExitStack() as stack:

        def connect() -> Connection:
            dsn = cluster.dsn(shared_database)
            opened = psycopg.connect(dsn, autocommit=True, options=path)
            return stack.enter_context(opened)

        connect().execute(f"create schema {schema}".encode())
        yield connect


@pytest.fixture
def session(open_session: OpenSession) -> Connection:
    """A new session in a new schema of the module's database."""
    return open_session()
