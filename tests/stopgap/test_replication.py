"""Logical replication between two servers: the subscriber follows, nothing stops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from stopgap.server.cluster import wait_until
from tests.fixtures.cluster import RunningCluster, StartCluster
from tests.stopgap.schema import (
    Connection,
    bodies,
    deploy,
    rollback,
    rows,
    status,
    value,
    write,
)

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "replication.md"
# The statement of the guide that makes a publisher, and the tables in it.
PUBLISH = re.findall(r"create publication .*?;", GUIDE.read_text(), re.DOTALL)[0]
TABLES = re.findall(r"\w+\.\w+", PUBLISH)


class Pair(NamedTuple):
    """Two servers: what is written in one is replicated to the other."""

    publisher: Connection
    subscriber: Connection
    subscribing: RunningCluster

    def is_in_step(self) -> bool:
        """Tell whether the subscriber has all rows that its publisher has."""
        return contents(self.publisher) == contents(self.subscriber)

    def catch_up(self) -> None:
        """Wait until the subscriber has them."""
        assert wait_until(self.is_in_step, seconds=60), (
            self.subscribing.cluster.log_tail()
        )

    def follow(self) -> Any:
        """Make the publisher's deployment live at the subscriber."""
        self.catch_up()
        return value(self.subscriber, "select stopgap.repair('prod')")


def contents(connection: Connection) -> object:
    """Return all rows that are replicated."""
    return [
        rows(connection, f"select * from {table} order by 1, 2, 3") for table in TABLES
    ]


def made(running: RunningCluster) -> Connection:
    """Return a connection to a server that has the extension now."""
    connection = running.connect()
    connection.execute("set client_min_messages = warning")
    connection.execute("create extension stopgap cascade")
    return connection


@pytest.fixture
def pair(start_cluster: StartCluster) -> Iterator[Pair]:
    """A publisher with a deployment, and a subscriber that has its rows."""
    publishing = start_cluster(wal_level="logical")
    subscribing = start_cluster()
    with made(publishing) as publisher, made(subscribing) as subscriber:
        write(publisher, "f", 1)
        write(publisher, "g", 1)
        deploy(publisher, label="first")
        publisher.execute(PUBLISH.encode())
        subscriber.execute(
            f"create subscription stopgap connection '{publishing.dsn()}'"
            " publication stopgap".encode()
        )
        pair = Pair(publisher, subscriber, subscribing)
        pair.catch_up()
        yield pair


@pytest.mark.slow
def test_a_subscriber_follows_rounds_of_deploys_and_rollbacks(pair: Pair) -> None:
    publisher, subscriber, _ = pair
    value(subscriber, "select stopgap.after_restore()")
    pair.follow()
    assert value(subscriber, "select live_deployment.f('{}')") == 1

    for code in (2, 3, 4):
        write(publisher, "f", code)
        write(publisher, f"only{code}", code)
        deploy(publisher)
        pair.follow()
        assert value(subscriber, "select live_deployment.f('{}')") == code
        # Damage on both sides, put right on both.
        for side in (publisher, subscriber):
            side.execute("drop function live_deployment.g")
            value(side, "select stopgap.after_restore()")
            assert value(side, "select stopgap.repair('prod')")["created"] == ["g"]
        rollback(publisher)
        done = pair.follow()
        assert done["dropped"] == [f"only{code}"]
        assert bodies(subscriber) == bodies(publisher)
        publisher.execute(f"drop function shop.only{code}".encode())

    assert status(subscriber)["drift"]["has_drift"] is False
    for side in (publisher, subscriber):
        assert value(side, "select stopgap.verify()")["findings"] == []


@pytest.mark.slow
def test_a_pruned_function_goes_and_comes_back_at_the_subscriber_too(
    pair: Pair,
) -> None:
    publisher, subscriber, _ = pair
    pair.follow()
    publisher.execute("drop function shop.g")
    deploy(publisher, options='{"prune": true}')
    subscriber.execute("create function live_deployment.mine() returns int return 1")

    done = pair.follow()

    assert (done["dropped"], done["left"]) == (["g"], ["live_deployment.mine()"])
    rollback(publisher)
    assert pair.follow()["created"] == ["g"]
    assert value(subscriber, "select live_deployment.g('{}')") == 1


@pytest.mark.slow
def test_sources_written_on_both_sides_do_not_stop_replication(pair: Pair) -> None:
    publisher, subscriber, _ = pair
    # Migrations are run on both sides, for DDL is not replicated.
    write(subscriber, "f", 5)
    write(publisher, "f", 5)
    deploy(publisher)

    assert wait_until(
        lambda: status(subscriber)["active_deployment_id"] == 2, seconds=60
    ), pair.subscribing.cluster.log_tail()
    value(subscriber, "select stopgap.repair('prod')")

    assert value(subscriber, "select live_deployment.f('{}')") == 5


@pytest.mark.slow
def test_a_subscriber_refuses_what_would_write_into_what_it_is_sent(
    pair: Pair,
) -> None:
    _, subscriber, _ = pair
    write(subscriber, "f", 5)
    for call in (
        "stopgap.deploy('prod', 'shop')",
        "stopgap.deploy('mine', 'shop')",
        "stopgap.rollback('prod')",
        "stopgap.activate('prod', 1)",
        "stopgap.promote('prod', 'staging')",
        "stopgap.import_deployment('mine', stopgap.export_deployment('prod'))",
        "stopgap.record_failure('prod', 'shop', '{\"message\": \"m\"}')",
        "stopgap.gc()",
    ):
        with pytest.raises(psycopg.Error, match="subscription") as error:
            value(subscriber, f"select {call}")
        assert error.value.sqlstate == "SG221", call
        assert "drop subscription" in (error.value.diag.message_hint or "")
    plan = value(subscriber, "select stopgap.plan('prod', 'shop')")
    assert [each["sqlstate"] for each in plan["refusals"]] == ["SG221"]
    assert value(subscriber, "select stopgap.gc('{\"dry_run\": true}')")["dry_run"]


@pytest.mark.slow
def test_a_subscriber_that_was_cut_loose_goes_on_by_itself(pair: Pair) -> None:
    publisher, subscriber, _ = pair
    pair.follow()
    subscriber.execute("drop function live_deployment.f")
    for _ in range(3):
        write(publisher, "f", 2)
        last = deploy(publisher)
    pair.follow()
    repairs = rows(
        subscriber, "select action from stopgap.activation_audit where action='repair'"
    )
    subscriber.execute("drop subscription stopgap")
    value(subscriber, "select stopgap.after_restore()")

    write(subscriber, "f", 3)
    next_ = deploy(subscriber)

    assert len(repairs) == 2
    assert next_ > last
    assert rollback(subscriber) == last
    ids = [id_ for (id_,) in rows(subscriber, "select id from stopgap.activation_log")]
    assert len(set(ids)) == len(ids) == 6
