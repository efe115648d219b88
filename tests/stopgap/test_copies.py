"""Copies of a whole server, and of its tables: what works there, and what says no."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

import stopgap
from stopgap.server import Account, Cluster, Tree
from stopgap.server.cluster import free_port, wait_until
from tests.client.test_lost_commit import Proxy, beside
from tests.fixtures.cluster import STARTED, RunningCluster, StartCluster
from tests.stopgap.schema import (
    Connection,
    deploy,
    rollback,
    rows,
    status,
    value,
    write,
)

TABLES = (
    "stopgap.environment",
    "stopgap.deployment",
    "stopgap.fn_version",
    "stopgap.activation_log",
    "stopgap.dropped_function",
    "plts.artifact",
)


@pytest.fixture
def primary(start_cluster: StartCluster) -> RunningCluster:
    """A server with a deployment, and all that copies of it can need."""
    primary = start_cluster(wal_level="logical")
    with primary.connect() as connection:
        connection.execute("set client_min_messages = warning")
        connection.execute("create extension stopgap cascade")
        write(connection, "f", 1)
        deploy(connection, label="first")
    return primary


@pytest.fixture
def standby(
    primary: RunningCluster, run_folder: Path, tree: Tree, account: Account
) -> Iterator[RunningCluster]:
    """A hot standby, from a base backup of the primary, that follows it."""
    home = Path(tempfile.mkdtemp(prefix="standby-", dir=run_folder))
    home.chmod(0o755)
    account.own(home)
    cluster = Cluster(home, tree, account)
    done = account.run(
        [
            tree.program("pg_basebackup"),
            f"--pgdata={cluster.data}",
            f"--dbname={primary.dsn()}",
            "--write-recovery-conf",
            "--checkpoint=fast",
        ],
        cwd=home,
        env={"LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stdout
    postmaster = cluster.start(port=free_port(), settings={"fsync": "off"})
    STARTED.append(cluster)
    try:
        yield RunningCluster(cluster, postmaster.port, postmaster.pid)
    finally:
        STARTED.remove(cluster)
        cluster.stop()


def test_a_standby_runs_and_shows_what_is_live(
    primary: RunningCluster, standby: RunningCluster
) -> None:
    with primary.connect() as origin, standby.connect() as copy:
        assert value(copy, "select live_deployment.f('{}')") == 1
        assert status(copy) == status(origin)
        for question in (
            "select stopgap.deployments('prod')",
            "select stopgap.diff('prod', 'shop')",
            "select stopgap.plan('prod', 'shop')",
            "select stopgap.verify()",
            "select stopgap.export_deployment('prod')",
        ):
            assert value(copy, question) == value(origin, question)


def test_a_standby_follows_a_deploy_of_the_primary(
    primary: RunningCluster, standby: RunningCluster
) -> None:
    with primary.connect() as origin, standby.connect() as copy:
        assert value(copy, "select live_deployment.f('{}')") == 1
        write(origin, "f", 2)
        second = deploy(origin)

        assert wait_until(
            lambda: status(copy)["active_deployment_id"] == second, seconds=30
        )
        assert value(copy, "select live_deployment.f('{}')") == 2
        assert status(copy)["drift"]["has_drift"] is False


@pytest.mark.parametrize(
    "change",
    [
        "select stopgap.deploy('prod', 'shop')",
        "select stopgap.rollback('prod')",
        "select stopgap.activate('prod', 1)",
        "select stopgap.repair('prod')",
        "select stopgap.promote('prod', 'staging')",
        "select stopgap.gc()",
        "select stopgap.record_failure('prod', 'shop', '{\"message\": \"m\"}')",
        "select stopgap.after_restore()",
    ],
    ids=lambda change: change.split(".")[1].split("(")[0],
)
def test_a_session_that_only_reads_is_told_so_by_every_verb_that_writes(
    connection: Connection, change: str
) -> None:
    write(connection, "f", 1)
    deploy(connection)
    write(connection, "f", 2)
    deploy(connection)
    connection.execute("drop function live_deployment.f")
    connection.execute("set default_transaction_read_only = on")

    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute(change.encode())


def test_a_promoted_standby_is_deployed_to(
    primary: RunningCluster, standby: RunningCluster
) -> None:
    with standby.connect() as copy:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            deploy(copy)

        assert value(copy, "select pg_promote()") is True

        write(copy, "f", 2)
        first = value(copy, "select active_deployment_id from stopgap.environment")
        assert deploy(copy) > first
        assert value(copy, "select live_deployment.f('{}')") == 2
        assert rollback(copy) == first


def test_published_tables_make_another_database_one_that_can_go_on(
    primary: RunningCluster,
) -> None:
    with primary.connect() as origin:
        origin.execute(
            f"create publication stopgap for table {', '.join(TABLES)}".encode()
        )
        origin.execute("create database replica")
        # Made by hand: within one server CREATE SUBSCRIPTION would wait for itself.
        origin.execute(
            "select pg_create_logical_replication_slot('replica', 'pgoutput')"
        )
        with primary.connect("replica") as copy:
            copy.execute("set client_min_messages = warning")
            copy.execute("create extension stopgap cascade")
            copy.execute(
                f"create subscription replica connection '{primary.dsn()}'"
                " publication stopgap with (create_slot = false)".encode()
            )
            # Whatever the publisher does has a replica identity: deploy, rollback, gc.
            write(origin, "f", 2)
            deploy(origin)
            rollback(origin)
            write(origin, "f", 3)
            last = deploy(origin, label="last")
            gone = value(origin, 'select stopgap.gc(\'{"keep": 1, "grace": "0"}\')')
            assert gone["deployments"]
            assert wait_until(
                lambda: everything(copy) == everything(origin), seconds=60
            ), primary.cluster.log_tail()
            copy.execute("alter subscription replica disable")
            copy.execute("alter subscription replica set (slot_name = none)")
            copy.execute("drop subscription replica")
            origin.execute("select pg_drop_replication_slot('replica')")

            assert status(copy)["active_deployment"]["label"] == "last"
            assert status(copy)["drift"]["dropped"] == ["f"]
            value(copy, "select stopgap.after_restore()")
            value(copy, "select stopgap.repair('prod')")
            assert value(copy, "select live_deployment.f('{}')") == 3
            write(copy, "f", 4)
            assert deploy(copy) > last
            assert rollback(copy) == last


def everything(connection: Connection) -> object:
    """Return what tells that a subscriber has all that its publisher has."""
    return [
        rows(connection, f"select * from {table} order by 1, 2, 3") for table in TABLES
    ]


@pytest.mark.slow
def test_a_commit_whose_answer_a_failover_lost_is_asked_for_at_the_new_primary(
    primary: RunningCluster, standby: RunningCluster
) -> None:
    parts = conninfo_to_dict(primary.dsn())
    proxy = Proxy(f"{parts['host']}/.s.PGSQL.{parts['port']}")
    proxy.returns = False
    there = conninfo_to_dict(standby.dsn())
    dsn = make_conninfo(
        primary.dsn(),
        host=f"127.0.0.1,{there['host']}",
        port=f"{proxy.port},{there['port']}",
        sslmode="disable",
        gssencmode="disable",
    )

    def fail_over() -> None:
        with standby.connect() as copy:
            # The standby is asked too, and must not answer before it is one.
            assert wait_until(lambda: proxy.refused >= 2, seconds=60)
            assert wait_until(
                lambda: value(copy, "select count(*) from stopgap.deployment") == 2,
                seconds=60,
            )
            value(copy, "select pg_promote()")

    try:
        with beside(fail_over), stopgap.connect(dsn, failover_seconds=120) as client:
            assert client.deploy("prod", from_schema="shop").deployment_id == 2
            assert client.version()
    finally:
        proxy.close()
