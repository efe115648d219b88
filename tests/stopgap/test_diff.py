"""stopgap.diff: what a deploy would change, without changing anything."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.stopgap.schema import Connection, deploy, rows, value, write


def diff(connection: Connection, env: str = "prod") -> Any:
    return value(connection, "select stopgap.diff(%s, 'shop')", env)


def test_before_the_first_deployment_everything_is_added(
    connection: Connection,
) -> None:
    write(connection, "f")

    found = diff(connection)

    (function,) = found.pop("functions")
    assert found == {
        "env": "prod",
        "source_schema": "shop",
        "live_schema": "live_deployment",
        "active_deployment_id": None,
        "summary": {"added": 1, "changed": 0, "removed": 0, "unchanged": 0},
    }
    assert function["change"] == "added"


def test_it_says_what_the_deploy_then_does(connection: Connection) -> None:
    for name in ("same", "code", "gone"):
        write(connection, name)
    deploy(connection)
    write(connection, "code", 2)
    write(connection, "new")
    connection.execute("drop function shop.gone")

    found = diff(connection)
    deployed = deploy(connection)

    assert {each["fn_name"]: each["change"] for each in found["functions"]} == {
        "same": "unchanged",
        "code": "changed",
        "gone": "removed",
        "new": "added",
    }
    hashes = dict(
        rows(
            connection,
            "select fn_name, artifact_hash from stopgap.fn_version"
            " where deployment_id = %s",
            deployed,
        )
    )
    assert hashes == {
        each["fn_name"]: each["candidate_artifact_hash"]
        for each in found["functions"]
        if each["change"] != "removed"
    }


def test_it_writes_nothing(connection: Connection) -> None:
    connection.execute("set check_function_bodies = off")
    write(connection, "f", "export default () => 'never compiled';")

    with connection.transaction():
        connection.execute("set transaction read only")
        diff(connection)

    assert value(connection, "select count(*) from stopgap.environment") == 0
    assert value(connection, "select count(*) from plts.artifact") == 0


def test_it_refuses_what_the_deploy_would_refuse(connection: Connection) -> None:
    write(connection, "f")
    connection.execute(
        "create function shop.f() returns int language sql as 'select 1'"
    )

    with pytest.raises(psycopg.Error) as error:
        diff(connection)

    assert error.value.sqlstate == "SG107"
