"""What would leave an environment with nothing is refused unless it is asked for."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.stopgap.schema import Connection, bodies, deploy, status, value, write
from tests.stopgap.test_plan import plan

PRUNE = '{"prune": true}'
BOTH = '{"prune": true, "allow_empty": true}'


def refused(connection: Connection, statement: str, *parameters: object) -> Any:
    """Run what must be refused as leaving nothing, and return what it says."""
    before = bodies(connection) if status(connection) else {}
    with pytest.raises(psycopg.Error) as error:
        value(connection, f"select {statement}", *parameters)
    assert error.value.sqlstate == "SG110"
    assert "allow_empty" in (error.value.diag.message_hint or "")
    assert (bodies(connection) if status(connection) else {}) == before
    return error.value.diag


def drop(connection: Connection, *names: str) -> None:
    for name in names:
        connection.execute(f"drop function shop.{name}".encode())


@pytest.fixture
def shop(connection: Connection) -> Connection:
    """Two functions that are live."""
    write(connection, "f")
    write(connection, "g")
    deploy(connection)
    return connection


@pytest.mark.parametrize("options", ["{}", PRUNE, '{"activate": false}'])
def test_a_schema_without_functions_is_not_deployed(
    shop: Connection, options: str
) -> None:
    drop(shop, "f", "g")

    told = refused(shop, "stopgap.deploy('prod', 'shop', null, %s)", options)

    assert told.message_primary.endswith('schema "shop" has no deployable function')
    assert deploy(shop, options=BOTH) == 2
    assert bodies(shop) == {}


def test_the_first_deploy_of_an_empty_schema_is_refused_too(
    connection: Connection,
) -> None:
    connection.execute("create schema shop")

    refused(connection, "stopgap.deploy('prod', 'shop')")

    assert status(connection) is None


def test_what_a_schema_has_that_is_no_function_to_deploy_is_told(
    connection: Connection,
) -> None:
    connection.execute(
        "create schema shop; create procedure shop.touch() language plts as ''"
    )

    told = refused(connection, "stopgap.deploy('prod', 'shop')")

    assert told.message_detail == (
        'What it has is skipped: "touch": it is a procedure.'
    )


def test_the_setting_prunes_no_more_than_the_option(shop: Connection) -> None:
    drop(shop, "f", "g")
    write(shop, "other")
    shop.execute("set stopgap.prune = on")

    told = refused(shop, "stopgap.deploy('prod', 'shop')")

    assert told.message_detail == 'There are 2 functions: "f", "g".'
    deploy(shop, options='{"allow_empty": true}')
    assert bodies(shop).keys() == {"other"}


def test_where_one_of_them_stays_the_rest_is_pruned(shop: Connection) -> None:
    drop(shop, "f")

    deploy(shop, options=PRUNE)

    assert bodies(shop).keys() == {"g"}


def test_where_something_depends_on_the_last_one_it_stays(shop: Connection) -> None:
    shop.execute("create view shop.v as select live_deployment.g('{}') as g")
    drop(shop, "f", "g")
    write(shop, "other")

    deploy(shop, options=PRUNE)

    assert bodies(shop).keys() == {"g", "other"}


def test_a_promotion_that_drops_all_is_refused(shop: Connection) -> None:
    write(shop, "other", schema="bare")
    deploy(shop, "staging", "bare")

    refused(shop, "stopgap.promote('staging', 'prod', %s)", PRUNE)

    value(shop, "select stopgap.promote('staging', 'prod', %s)", BOTH)
    assert bodies(shop).keys() == {"other"}


def test_what_runs_nothing_is_not_promoted(shop: Connection) -> None:
    shop.execute("create schema bare")
    deploy(shop, "staging", "bare", options='{"allow_empty": true}')

    refused(shop, "stopgap.promote('staging', 'prod')")


def test_an_import_that_drops_all_is_refused(shop: Connection) -> None:
    write(shop, "other", schema="bare")
    deploy(shop, "staging", "bare")
    bundle = Jsonb(value(shop, "select stopgap.export_deployment('staging')"))

    refused(shop, "stopgap.import_deployment('prod', %s, %s)", bundle, PRUNE)

    value(shop, "select stopgap.import_deployment('prod', %s, %s)", bundle, BOTH)
    assert bodies(shop).keys() == {"other"}


def test_an_empty_bundle_is_not_imported(shop: Connection) -> None:
    shop.execute("create schema bare")
    deploy(shop, "staging", "bare", options='{"allow_empty": true}')
    bundle = Jsonb(value(shop, "select stopgap.export_deployment('staging')"))

    refused(shop, "stopgap.import_deployment('prod', %s)", bundle)


def test_a_sealed_deployment_that_drops_all_is_not_activated(shop: Connection) -> None:
    drop(shop, "f", "g")
    write(shop, "other")
    sealed = deploy(shop, options='{"activate": false, "prune": true}')

    refused(shop, "stopgap.activate('prod', %s)", sealed)
    assert plan(shop, None, activate=sealed)["possible"] is False
    assert plan(shop, None, activate=sealed, allow_empty=True)["possible"] is True

    allowed = '{"allow_empty": true}'
    value(shop, "select stopgap.activate('prod', %s, %s)", sealed, allowed)
    assert bodies(shop).keys() == {"other"}


def test_a_rollback_to_nothing_is_refused(connection: Connection) -> None:
    connection.execute("create schema shop")
    deploy(connection, options='{"allow_empty": true}')
    write(connection, "f")
    deploy(connection)

    refused(connection, "stopgap.rollback('prod')")
    refused(connection, "stopgap.activate('prod', 1)")
    refusals = plan(connection, None, rollback={})["refusals"]
    assert [each["sqlstate"] for each in refusals] == ["SG110"]

    allowed = '{"allow_empty": true}'
    value(connection, "select stopgap.rollback('prod', options => %s)", allowed)
    assert bodies(connection) == {}


def test_a_rollback_that_brings_others_back_is_none_to_nothing(
    shop: Connection,
) -> None:
    drop(shop, "f", "g")
    write(shop, "other")
    deploy(shop, options=BOTH)

    value(shop, "select stopgap.rollback('prod')")

    assert bodies(shop).keys() == {"f", "g"}


@pytest.mark.parametrize("empties", [True, False])
def test_a_plan_says_that_it_would_be_refused(shop: Connection, empties: bool) -> None:
    drop(shop, "f", "g")
    if not empties:
        write(shop, "other")

    found = plan(shop, prune=True)

    assert found["possible"] is False
    assert {each["sqlstate"] for each in found["refusals"]} == {"SG110"}
    assert plan(shop, prune=True, allow_empty=True)["possible"] is True
