"""stopgap.record_failure and find_deployment: what is known after a failed deploy."""

from __future__ import annotations

import json
import threading
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from stopgap.server.cluster import wait_until
from tests.fixtures.cluster import Connect
from tests.stopgap.roles import DEPLOYER
from tests.stopgap.schema import (
    Connection,
    deploy,
    rollback,
    rows,
    status,
    statuses,
    value,
    write,
)

ERROR = {"message": "it does not compile", "sqlstate": "SG108", "diagnostics": []}


def record(
    connection: Connection,
    env: str = "prod",
    error: object = ERROR,
    options: dict[str, Any] | None = None,
) -> int:
    return int(
        value(
            connection,
            "select stopgap.record_failure(%s, 'shop', %s, %s)",
            env,
            Jsonb(error),
            Jsonb(options or {}),
        )
    )


def test_a_failure_is_a_deployment_that_says_why(connection: Connection) -> None:
    write(connection, "f")
    active = deploy(connection)

    failed = record(connection, options={"label": "v2", "provenance": {"ci": "x"}})

    newest = value(connection, "select stopgap.deployments('prod', 1)")[0]
    assert newest["id"] == failed
    assert newest["status"] == "failed"
    assert newest["label"] == "v2"
    assert newest["provenance"] == {"ci": "x"}
    assert newest["manifest"]["error"] == ERROR
    assert newest["manifest"]["functions"] == []
    assert status(connection)["active_deployment_id"] == active


def test_a_failure_is_nothing_to_go_back_to(connection: Connection) -> None:
    write(connection, "f")
    first = deploy(connection)
    failed = record(connection)
    deploy(connection)

    with pytest.raises(psycopg.Error) as error:
        rollback(connection, to_id=failed)

    assert error.value.sqlstate == "SG206"
    assert rollback(connection) == first


def test_the_first_deploy_of_an_environment_can_fail(connection: Connection) -> None:
    record(connection, "new")

    found = status(connection, "new")
    assert found["active_deployment_id"] is None
    assert (
        rows(
            connection,
            "select 1 from pg_namespace where nspname = 'live_deployment_new'",
        )
        == []
    )
    write(connection, "f")
    assert deploy(connection, "new") == 2


def test_an_environment_of_failures_alone_has_not_chosen_its_live_schema(
    connection: Connection,
) -> None:
    record(connection, "new")
    write(connection, "f")

    connection.execute("set stopgap.live_schema = 'api'")
    deploy(connection, "new")

    assert status(connection, "new")["live_schema"] == "api"
    assert value(connection, "select api.f('{}')") == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({}, 'with a "message"'),
        ("text", 'with a "message"'),
        ({"message": "m", "diagnostics": "none"}, "must be a JSON array"),
        ({"message": "x" * 300_000}, "bytes, more than"),
    ],
)
def test_what_is_no_error_is_refused(
    connection: Connection, error: object, told: str
) -> None:
    with pytest.raises(psycopg.Error, match=told) as refused:
        record(connection, error=error)

    assert refused.value.sqlstate == "SG121"


@pytest.mark.usefixtures("roles")
def test_who_may_deploy_may_record_failures(
    connection: Connection, connect: Connect
) -> None:
    deployer = connect(role=DEPLOYER)

    failed = record(deployer)

    assert statuses(connection) == {failed: "failed"}


def test_a_deploy_is_found_by_its_token(connection: Connection) -> None:
    write(connection, "f")
    made = deploy(connection, options='{"token": "t1"}')
    deploy(connection, options='{"token": "t2"}')
    record(connection, options={"token": "t3"})

    found = [
        value(connection, "select stopgap.find_deployment('prod', %s)", token)
        for token in ("t1", "t3", "none")
    ]

    assert found == [made, None, None]


def test_a_deploy_that_has_not_ended_is_waited_for(
    connection: Connection, connect: Connect
) -> None:
    write(connection, "f")
    open_ = connect(autocommit=False)
    made = deploy(open_, options='{"token": "t"}')
    asking = connect()
    found: list[object] = []
    thread = threading.Thread(
        target=lambda: found.append(
            value(asking, "select stopgap.find_deployment('prod', 't')")
        )
    )
    thread.start()
    wait_until(
        lambda: bool(
            rows(
                connection,
                "select 1 from pg_stat_activity where pid = %s"
                " and wait_event_type = 'Lock'",
                asking.info.backend_pid,
            )
        ),
        seconds=30,
    )

    open_.commit()
    thread.join()

    assert found == [made]


def test_provenance_is_kept_and_shown(connection: Connection) -> None:
    write(connection, "f")
    said = {"git_commit": "abc", "git_dirty": True, "message": "m"}

    deploy(connection, options=f'{{"provenance": {json.dumps(said)}}}')

    assert status(connection)["active_deployment"]["provenance"] == said
    assert rows(
        connection,
        "select to_provenance, activated_by, activated_as"
        " from stopgap.activation_audit",
    ) == [(said, "postgres", "postgres")]
