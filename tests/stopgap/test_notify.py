"""Notifications: one for each activation, and PostgREST's."""

from __future__ import annotations

import json

import pytest

from tests.fixtures.cluster import Connect
from tests.stopgap.schema import Connection, deploy, rollback, value, write


@pytest.fixture
def listener(connect: Connect) -> Connection:
    """A session that listens to both channels."""
    connection = connect()
    connection.execute("listen stopgap")
    connection.execute("listen pgrst")
    return connection


def heard(listener: Connection) -> list[tuple[str, str]]:
    """Return what has been notified until now, in order."""
    listener.execute("select 1")
    return [(notify.channel, notify.payload) for notify in listener.notifies(timeout=0)]


def test_a_deploy_notifies_after_its_commit(
    connect: Connect, listener: Connection
) -> None:
    connection = connect(autocommit=False)
    write(connection, "f")
    deploy(connection)
    assert heard(listener) == []
    connection.commit()

    (channel, payload), postgrest = heard(listener)

    assert channel == "stopgap"
    assert json.loads(payload) == {
        "env": "prod",
        "action": "deploy",
        "deployment_id": 1,
        "from_deployment_id": None,
        "activation_id": 1,
    }
    assert postgrest == ("pgrst", "reload schema")


def test_postgrest_is_told_only_of_functions_that_came_or_went(
    connection: Connection, listener: Connection
) -> None:
    write(connection, "f")
    deploy(connection)
    write(connection, "f", 2)
    heard(listener)

    deploy(connection)
    assert [channel for channel, _ in heard(listener)] == ["stopgap"]
    write(connection, "g")
    deploy(connection)
    assert [channel for channel, _ in heard(listener)] == ["stopgap", "pgrst"]
    rollback(connection)
    assert [channel for channel, _ in heard(listener)] == ["stopgap", "pgrst"]


def test_each_activation_of_a_transaction_has_its_own(
    connect: Connect, listener: Connection
) -> None:
    connection = connect(autocommit=False)
    write(connection, "f")
    for _ in range(2):
        deploy(connection)
    rollback(connection)
    value(connection, "select stopgap.activate('prod', 2)")
    rollback(connection)
    connection.commit()

    actions = [
        json.loads(payload)["action"]
        for channel, payload in heard(listener)
        if channel == "stopgap"
    ]
    assert actions == ["deploy", "deploy", "rollback", "activate", "rollback"]


def test_a_repair_notifies(connection: Connection, listener: Connection) -> None:
    write(connection, "f")
    deploy(connection)
    connection.execute("drop function live_deployment.f")
    heard(listener)

    value(connection, "select stopgap.repair('prod')")

    (_, payload), postgrest = heard(listener)
    assert json.loads(payload)["action"] == "repair"
    assert postgrest == ("pgrst", "reload schema")


def test_nothing_to_do_notifies_nobody(
    connection: Connection, listener: Connection
) -> None:
    write(connection, "f")
    deploy(connection)
    heard(listener)

    deploy(connection, options='{"if_changed": true}')
    rollback(connection, to_id=1)
    value(connection, "select stopgap.activate('prod', 1)")
    value(connection, "select stopgap.repair('prod')")
    deploy(connection, options='{"activate": false}')

    assert heard(listener) == []


def test_it_can_be_off(connection: Connection, listener: Connection) -> None:
    connection.execute("set stopgap.notify = off")
    write(connection, "f")

    deploy(connection)

    assert heard(listener) == []


def test_the_longest_environment_fits_into_a_payload(
    connection: Connection, listener: Connection
) -> None:
    env = '"' * 255
    write(connection, "f")

    deploy(connection, env, label="x" * 10_000)

    (_, payload), _ = heard(listener)
    assert json.loads(payload)["env"] == env
