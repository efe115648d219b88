"""stopgap.diff: what a deploy would change, without changing anything."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.stopgap.schema import Connection, deploy, rows, value, write


def diff(
    connection: Connection,
    env: str = "prod",
    schema: str | None = "shop",
    **options: object,
) -> Any:
    return value(
        connection, "select stopgap.diff(%s, %s, %s)", env, schema, Jsonb(options)
    )


def changes(found: Any) -> dict[str, str]:
    return {each["fn_name"]: each["change"] for each in found["functions"]}


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
        "base": {"env": "prod", "deployment_id": None, "source_schema": None},
        "candidate": {"env": "prod", "deployment_id": None, "source_schema": "shop"},
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


@pytest.fixture
def two(connection: Connection) -> Connection:
    """Deployment 1 of prod, deployment 2 of staging, and deployment 3 of prod."""
    write(connection, "f", 1)
    write(connection, "gone")
    deploy(connection)
    write(connection, "f", 2)
    write(connection, "new")
    connection.execute("drop function shop.gone")
    deploy(connection, "staging")
    write(connection, "f", 3)
    deploy(connection)
    return connection


def test_two_environments_are_compared(two: Connection) -> None:
    found = diff(two, "staging", None, against_env="prod")

    assert changes(found) == {"f": "changed", "new": "unchanged"}
    assert found["base"]["deployment_id"] == 3
    assert found["candidate"] == {
        "env": "staging",
        "deployment_id": 2,
        "source_schema": "shop",
    }
    assert found["source_schema"] == "shop"


def test_two_deployments_are_compared_whatever_their_environment(
    two: Connection,
) -> None:
    found = diff(two, "prod", None, deployment=2, against=1)

    assert changes(found) == {"f": "changed", "gone": "removed", "new": "added"}
    assert (found["base"]["env"], found["candidate"]["env"]) == ("prod", "staging")


def test_a_deployment_is_compared_with_what_its_environment_runs(
    two: Connection,
) -> None:
    assert changes(diff(two, "prod", None, deployment=1)) == {
        "f": "changed",
        "gone": "added",
        "new": "removed",
    }


def test_what_an_environment_runs_is_compared_with_a_deployment(
    two: Connection,
) -> None:
    assert changes(diff(two, "prod", None, against=1)) == {
        "f": "changed",
        "gone": "removed",
        "new": "added",
    }


def test_a_schema_is_compared_with_a_deployment(two: Connection) -> None:
    assert changes(diff(two, against=2)) == {"f": "changed", "new": "unchanged"}


@pytest.mark.parametrize("side", ["deployment", "against"])
def test_a_deployment_that_failed_is_not_compared(two: Connection, side: str) -> None:
    failed = value(
        two, """select stopgap.record_failure('prod', 'shop', '{"message": "m"}')"""
    )

    with pytest.raises(psycopg.Error, match=f"{failed} failed") as error:
        value(
            two,
            "select stopgap.diff('prod', null, jsonb_build_object(%s::text, %s::int))",
            side,
            failed,
        )

    assert error.value.sqlstate == "SG205"


def test_a_deployment_that_was_removed_is_not_compared(two: Connection) -> None:
    two.execute("update stopgap.deployment set status = 'removed' where id = 1")

    with pytest.raises(psycopg.Error, match="was removed") as error:
        diff(two, "prod", None, deployment=1)

    assert error.value.sqlstate == "SG205"


@pytest.mark.parametrize(
    ("call", "sqlstate"),
    [
        ("stopgap.diff('prod', null)", "SG101"),
        ("stopgap.diff('prod', '')", "SG101"),
        ("stopgap.diff('prod', null, '{\"source\": 1}')", "SG102"),
        ("stopgap.diff('prod', 'shop', '{\"deployment\": 1}')", "SG102"),
        (
            "stopgap.diff('prod', 'shop', '{\"against\": 1, \"against_env\": \"a\"}')",
            "SG102",
        ),
        ("stopgap.diff('prod', 'shop', '{\"against_env\": \"\"}')", "SG101"),
        ("stopgap.diff('prod', 'shop', '{\"against_env\": \"nowhere\"}')", "SG202"),
        ("stopgap.diff('prod', 'shop', '{\"against\": 99}')", "SG205"),
    ],
)
def test_senseless_comparisons_are_refused(
    two: Connection, call: str, sqlstate: str
) -> None:
    with pytest.raises(psycopg.Error) as error:
        value(two, f"select {call}")

    assert error.value.sqlstate == sqlstate
