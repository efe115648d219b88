"""Deploys where nothing changed: recorded, or with if_changed not even that."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.cluster import Connect
from tests.stopgap.schema import Connection, bodies, deploy, statuses, value, write

IF_CHANGED = '{"if_changed": true, "allow_empty": true}'


@pytest.fixture
def shop(connect: Connect) -> Connection:
    """A transaction in which a function is deployed."""
    connection = connect(autocommit=False)
    write(connection, "f", 1)
    deploy(connection)
    return connection


def changed(connection: Connection) -> Any:
    outcome = value(connection, "select current_setting('stopgap.outcome')::jsonb")
    return outcome["changed"]


def test_nothing_is_made_where_nothing_changed(shop: Connection) -> None:
    said: list[str | None] = []
    shop.add_notice_handler(lambda notice: said.append(notice.message_primary))

    assert deploy(shop, options=IF_CHANGED) == 1

    assert statuses(shop) == {1: "active"}
    assert changed(shop) is False
    assert said == ['nothing changed: environment "prod" runs deployment 1 already']


@pytest.mark.parametrize(
    "statement",
    [
        "alter function shop.f stable",
        "comment on function shop.f is 'new'",
        "create function shop.g(args jsonb) returns jsonb language plts as 'return 1'",
        "drop function shop.f",
        # What was done to the live schema by hand is undone.
        "drop function live_deployment.f",
        "alter function live_deployment.f stable",
    ],
)
def test_any_change_makes_a_deployment(shop: Connection, statement: str) -> None:
    shop.execute(statement.encode())

    assert deploy(shop, options=IF_CHANGED) == 2

    assert changed(shop) is True
    assert deploy(shop, options=IF_CHANGED) == 2


def test_a_function_that_prune_would_drop_is_a_change(shop: Connection) -> None:
    write(shop, "old")
    deploy(shop)
    shop.execute("drop function shop.old")
    third = deploy(shop, options=IF_CHANGED)
    assert bodies(shop).keys() == {"f", "old"}

    fourth = deploy(shop, options='{"if_changed": true, "prune": true}')

    assert fourth == third + 1
    assert bodies(shop).keys() == {"f"}


def test_the_first_deployment_of_an_environment_is_a_change(shop: Connection) -> None:
    assert deploy(shop, "staging", options=IF_CHANGED) == 2


def test_nothing_is_sealed_where_nothing_changed(shop: Connection) -> None:
    sealed = '{"if_changed": true, "activate": false}'

    assert deploy(shop, options=sealed) == 1
    write(shop, "f", 2)
    assert deploy(shop, options=sealed) == 2

    assert statuses(shop) == {1: "active", 2: "sealed"}


def test_without_it_an_unchanged_deploy_is_recorded_and_runs_no_ddl(
    shop: Connection,
) -> None:
    before = value(shop, "select xmin::text from pg_proc where proname = 'f' limit 1")
    compiled = value(shop, "select plts.metrics()")["compile"]["calls"]

    assert deploy(shop) == 2

    assert changed(shop) is False
    assert statuses(shop) == {1: "superseded", 2: "active"}
    found = value(
        shop, "select outcome from stopgap.activation_log order by id desc limit 1"
    )
    assert (found["created"], found["replaced"], found["dropped"]) == (0, 0, [])
    after = value(shop, "select xmin::text from pg_proc where proname = 'f' limit 1")
    assert after == before
    assert value(shop, "select plts.metrics()")["compile"]["calls"] == compiled
