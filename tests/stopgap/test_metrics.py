"""stopgap.metrics and stopgap.version: counters of the backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from stopgap.engine.metrics import VERBS
from tests.fixtures.cluster import Connect
from tests.stopgap.schema import Connection, deploy, rollback, value, write


def metrics(connection: Connection, verb: str) -> Any:
    return value(connection, "select stopgap.metrics()")[verb]


def test_the_version_is_that_of_the_extension(connection: Connection) -> None:
    assert value(connection, "select stopgap.version()") == value(
        connection, "select extversion from pg_extension where extname = 'stopgap'"
    )


def test_a_new_backend_has_counted_nothing(connection: Connection) -> None:
    found = value(connection, "select stopgap.metrics()")

    assert found.keys() == set(VERBS)
    for operation in found.values():
        assert operation == {
            "calls": 0,
            "errors": 0,
            "latency_ms": {"total": 0, "last": 0, "max": 0},
            "error_classes": {
                "permission": 0,
                "validation": 0,
                "state": 0,
                "sql": 0,
                "unknown": 0,
            },
        }


def test_calls_are_counted(connection: Connection) -> None:
    write(connection, "f")
    deploy(connection)
    deploy(connection)
    rollback(connection)
    value(connection, "select stopgap.diff('prod', 'shop')")

    assert metrics(connection, "deploy")["calls"] == 2
    assert metrics(connection, "rollback")["calls"] == 1
    assert metrics(connection, "diff")["calls"] == 1
    for call in ("plan('prod', 'shop')", "activate('prod', 2)", "repair('prod')"):
        value(connection, f"select stopgap.{call}")
    for verb in ("plan", "activate", "repair"):
        assert metrics(connection, verb)["calls"] == 1
    latency = metrics(connection, "deploy")["latency_ms"]
    assert 0 < latency["last"] <= latency["max"] <= latency["total"]


def without_language(connection: Connection) -> None:
    connection.execute("revoke usage on language plts from stopgap_owner")
    deploy(connection)


def without_schema(connection: Connection) -> None:
    deploy(connection, schema="nowhere")


def repeatable_read(connection: Connection) -> None:
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        deploy(connection)


def read_only(connection: Connection) -> None:
    connection.execute("set default_transaction_read_only = on")
    deploy(connection)


@pytest.mark.parametrize(
    ("verb", "call", "error_class"),
    [
        ("plan", "plan('prod', 'nowhere')", "validation"),
        ("activate", "activate('prod', 99)", "state"),
        ("repair", "repair('nowhere')", "state"),
    ],
)
def test_errors_of_every_verb_are_counted(
    connection: Connection, verb: str, call: str, error_class: str
) -> None:
    write(connection, "f")
    deploy(connection)

    with pytest.raises(psycopg.Error):
        value(connection, f"select stopgap.{call}")

    found = metrics(connection, verb)
    assert (found["errors"], found["error_classes"][error_class]) == (1, 1)


@pytest.mark.parametrize(
    ("fail", "error_class"),
    [
        (without_language, "permission"),
        (without_schema, "validation"),
        (repeatable_read, "state"),
        (read_only, "sql"),
    ],
)
def test_errors_are_counted_by_where_they_arose(
    connection: Connection,
    fail: Callable[[Connection], None],
    error_class: str,
) -> None:
    write(connection, "f")

    with pytest.raises(psycopg.Error):
        fail(connection)

    found = metrics(connection, "deploy")
    assert found["errors"] == 1
    assert found["error_classes"][error_class] == 1
    assert sum(found["error_classes"].values()) == 1


def test_every_backend_counts_for_itself(
    connection: Connection, connect: Connect
) -> None:
    write(connection, "f")
    deploy(connection)

    assert metrics(connect(), "deploy")["calls"] == 0


def test_everybody_may_read_the_counters_and_the_version(connect: Connect) -> None:
    anybody = connect(role="pg_monitor")

    assert value(anybody, "select stopgap.version()") == "0.2.0"
    assert metrics(anybody, "deploy")["calls"] == 0
