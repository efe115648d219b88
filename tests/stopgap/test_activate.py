"""stopgap.activate: deployments that were sealed, or were active before."""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.cluster import Connect
from tests.stopgap.schema import (
    Connection,
    bodies,
    deploy,
    grants,
    rollback,
    rows,
    status,
    statuses,
    value,
    write,
)

SEALED = '{"activate": false}'
SEALED_TO_PRUNE = '{"activate": false, "prune": true}'


def activate(connection: Connection, deployment: int, env: str = "prod") -> int:
    return int(value(connection, "select stopgap.activate(%s, %s)", env, deployment))


def previous(connection: Connection, deployment: int) -> int | None:
    found: int | None = value(
        connection,
        "select previous_id from stopgap.deployment where id = %s",
        deployment,
    )
    return found


def test_a_deployment_can_be_sealed_and_left_inactive(connection: Connection) -> None:
    write(connection, "f", 1)
    first = deploy(connection)
    before = bodies(connection)
    write(connection, "f", 2)
    write(connection, "g")

    second = deploy(connection, options=SEALED)

    assert statuses(connection) == {first: "active", second: "sealed"}
    assert bodies(connection) == before
    assert status(connection)["active_deployment_id"] == first
    assert status(connection)["drift"]["has_drift"] is False


def test_a_first_deployment_can_be_sealed_too(connection: Connection) -> None:
    write(connection, "f")

    first = deploy(connection, options=SEALED)

    assert bodies(connection) == {}
    assert status(connection)["active_deployment_id"] is None
    assert activate(connection, first) == first
    assert bodies(connection).keys() == {"f"}


def test_activating_a_sealed_deployment_makes_it_live(connection: Connection) -> None:
    write(connection, "f", 1)
    first = deploy(connection)
    write(connection, "f", 2)
    second = deploy(connection, options=SEALED)

    assert activate(connection, second) == second

    assert value(connection, "select live_deployment.f(null)") == 2
    assert statuses(connection) == {first: "superseded", second: "active"}
    assert rows(
        connection,
        "select from_deployment_id, to_deployment_id, action"
        " from stopgap.activation_audit order by activation_id desc limit 1",
    ) == [(first, second, "activate")]


def test_the_way_back_is_what_was_active_at_the_first_activation(
    connection: Connection,
) -> None:
    write(connection, "f", 1)
    deploy(connection)
    write(connection, "f", 2)
    sealed = deploy(connection, options=SEALED)
    assert previous(connection, sealed) is None
    write(connection, "f", 3)
    third = deploy(connection)

    activate(connection, sealed)

    assert previous(connection, sealed) == third
    assert rollback(connection) == third


def test_activating_goes_forward_again_after_a_rollback(connection: Connection) -> None:
    write(connection, "f", 1)
    first = deploy(connection)
    write(connection, "f", 2)
    write(connection, "new")
    second = deploy(connection)
    connection.execute("grant execute on function live_deployment.new to pg_monitor")
    rollback(connection)
    assert bodies(connection).keys() == {"f"}

    assert activate(connection, second) == second

    assert statuses(connection) == {first: "superseded", second: "active"}
    assert value(connection, "select live_deployment.f(null)") == 2
    assert grants(connection, "new") == {"app_user", "pg_monitor"}
    assert previous(connection, second) == first


def test_a_sealed_deployment_retains_what_it_lacks(connection: Connection) -> None:
    write(connection, "f")
    write(connection, "old")
    deploy(connection)
    connection.execute("drop function shop.old")
    sealed = deploy(connection, options=SEALED)

    activate(connection, sealed)

    assert bodies(connection).keys() == {"f", "old"}
    assert status(connection)["drift"]["has_drift"] is False


def test_one_that_was_sealed_to_prune_prunes(connection: Connection) -> None:
    write(connection, "f")
    write(connection, "old")
    deploy(connection)
    connection.execute("drop function shop.old")
    sealed = deploy(connection, options=SEALED_TO_PRUNE)

    activate(connection, sealed)

    assert bodies(connection).keys() == {"f"}


def test_the_active_one_is_left_as_it_is(connect: Connect) -> None:
    connection = connect(autocommit=False)
    write(connection, "f")
    first = deploy(connection)

    assert activate(connection, first) == first

    outcome = value(connection, "select current_setting('stopgap.outcome')::jsonb")
    assert outcome["changed"] is False
    assert value(connection, "select count(*) from stopgap.activation_log") == 1


@pytest.mark.parametrize(
    ("call", "sqlstate"),
    [
        ("stopgap.activate(null, 1)", "SG101"),
        ("stopgap.activate('prod', null)", "SG101"),
        ("stopgap.activate('prod', 1, '{\"prune\": true}')", "SG102"),
        ("stopgap.activate('nowhere', 1)", "SG202"),
        ("stopgap.activate('prod', 99)", "SG205"),
        ("stopgap.activate('prod', 2)", "SG205"),
        ("stopgap.activate('prod', 3)", "SG206"),
    ],
    ids=[
        "null environment",
        "null deployment",
        "unknown option",
        "unknown environment",
        "unknown deployment",
        "another environment's",
        "a failed one",
    ],
)
def test_senseless_activations_are_refused(
    connection: Connection, call: str, sqlstate: str
) -> None:
    write(connection, "f")
    deploy(connection)
    deploy(connection, "staging")
    connection.execute(
        "insert into stopgap.deployment"
        " (env, created_by, created_as, source_schema, status)"
        " values ('prod', 'a', 'b', 'shop', 'failed')"
    )

    with pytest.raises(psycopg.Error) as error:
        value(connection, f"select {call}")

    assert error.value.sqlstate == sqlstate


def test_other_isolation_levels_are_refused(connect: Connect) -> None:
    connection = connect(autocommit=False)
    connection.execute("set transaction isolation level serializable")

    with pytest.raises(psycopg.Error) as error:
        activate(connection, 1)

    assert error.value.sqlstate == "SG201"
