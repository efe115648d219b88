"""pg_upgrade to other versions of PostgreSQL, standbys and logical replication."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stopgap.server import Account, Cluster
from stopgap.server.cluster import SUPERUSER, free_port, wait_until
from tests.fixtures.cluster import STARTED, RunningCluster, StartCluster
from tests.fixtures.installation import packaged_or_none
from tests.plts.support import Connection, define, evaluate, fetch, refused

TABLE = """
create function twice(n int) returns int language plts immutable strict
    as 'return n * 2';
create function module(args jsonb) returns jsonb language plts
    as 'export default (ctx: Ctx) => ctx.args';
create table item (n int check (twice(n) > 0), doubled int generated always
    as (twice(n)) stored);
create index on item (twice(n));
insert into item select generate_series(1, 10);
"""
SUM = "select sum(doubled) from item where twice(n) = doubled"
HASHES = "select string_agg(artifact_hash, ',' order by 1) from plts.artifact"


@pytest.fixture
def folder(run_folder: Path, account: Account) -> Iterator[Path]:
    """A folder that the server's account may write into."""
    made = Path(tempfile.mkdtemp(prefix="own-", dir=run_folder))
    made.chmod(0o755)
    account.own(made)
    yield made
    shutil.rmtree(made)


def run(account: Account, folder: Path, *command: str) -> str:
    """Run a program of PostgreSQL as the server's account, and return what it says."""
    done = account.run(
        list(command), cwd=folder, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    )
    if done.returncode != 0:
        logs = sorted(folder.glob("**/pg_upgrade_output.d/**/*.log"))
        tails = [
            f"{each.name}: {each.read_text()[-1500:]}"
            for each in logs
            if "dump" in each.name
        ]
        pytest.fail("\n".join([done.stdout, *tails]))
    return done.stdout


def connected(cluster: Cluster, port: int) -> Connection:
    return RunningCluster(cluster, port, 0).connect()


@pytest.mark.slow
def test_pg_upgrade_brings_functions_along(folder: Path, account: Account) -> None:
    # Between the packaged ones: the system's 15 may be of a later minor release, whose
    # catalogs an earlier 16 does not take.
    source, target = packaged_or_none("16"), packaged_or_none("18")
    if source is None or target is None:
        pytest.skip("needs two versions of PostgreSQL; run `make versions`")
    tree = source.install(folder / "old-tree")
    new_tree = target.install(folder / "new-tree")
    old = Cluster(folder, tree, account)
    old.initialise(password="not used in tests")
    postmaster = old.start(port=free_port(), settings={"fsync": "off"})
    try:
        with connected(old, postmaster.port) as connection:
            connection.execute("create extension plts")
            connection.execute(TABLE.encode())
            hashes = fetch(connection, HASHES)
    finally:
        old.stop()
    new_data = folder / "new" / "data"
    new_data.parent.mkdir()
    account.own(new_data.parent)
    run(
        account,
        folder,
        new_tree.program("initdb"),
        *("-D", str(new_data), "-U", SUPERUSER, "--auth=trust"),
        *("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-data-checksums"),
    )

    run(
        account,
        folder,
        new_tree.program("pg_upgrade"),
        *("-b", str(tree.bin), "-B", str(new_tree.bin)),
        *("-d", str(old.data), "-D", str(new_data), "-U", SUPERUSER),
        *("-p", str(free_port()), "-P", str(free_port()), "-s", str(folder)),
    )

    configuration = new_data / "postgresql.conf"
    configuration.write_text(configuration.read_text() + "\ninclude = 'stopgap.conf'\n")
    new = Cluster(new_data.parent, new_tree, account)
    postmaster = new.start(port=free_port(), settings={"fsync": "off"})
    STARTED.append(new)
    try:
        with connected(new, postmaster.port) as connection:
            assert connection.info.server_version // 10000 == 18
            assert fetch(connection, SUM) == 110
            assert fetch(connection, "select module('{\"a\": 1}')") == {"a": 1}
            assert fetch(connection, HASHES) == hashes
            assert fetch(connection, "select plts.recompile()") == 0
            assert evaluate(connection, "int", "return 1") == 1
    finally:
        STARTED.remove(new)
        new.stop()


@pytest.fixture
def standby(
    start_cluster: StartCluster, folder: Path, account: Account
) -> Iterator[tuple[Connection, Connection]]:
    """Sessions on a primary with plts functions and on its hot standby."""
    primary = start_cluster()
    with primary.connect() as writer:
        writer.execute("create extension plts")
        writer.execute(TABLE.encode())
        home = folder / "standby"
        home.mkdir()
        account.own(home)
        run(
            account,
            folder,
            primary.cluster.tree.program("pg_basebackup"),
            *("-D", str(home / "data"), "-R", "-c", "fast", "--no-sync"),
            *("-d", primary.dsn()),
        )
        cluster = Cluster(home, primary.cluster.tree, account)
        postmaster = cluster.start(port=free_port(), settings={"fsync": "off"})
        STARTED.append(cluster)
        try:
            with connected(cluster, postmaster.port) as reader:
                yield writer, reader
        finally:
            STARTED.remove(cluster)
            cluster.stop()


@pytest.mark.slow
def test_functions_run_on_a_hot_standby(standby: tuple[Connection, Connection]) -> None:
    writer, reader = standby
    assert fetch(reader, SUM) == 110
    assert fetch(reader, "select module('{\"a\": 1}')") == {"a": 1}

    writer.execute("set check_function_bodies = off")
    define(writer, "unchecked() returns int", "return 7")
    define(writer, "writes() returns void", "await ctx.db.exec('delete from item')")
    assert wait_until(
        lambda: fetch(reader, "select to_regproc('writes') is not null"), seconds=30
    )

    # Not stored, so compiled in memory.
    assert fetch(reader, "select unchecked()") == 7
    with refused("25006"):
        reader.execute("select writes()")
    assert fetch(reader, HASHES) == fetch(writer, HASHES)


@pytest.mark.slow
def test_logical_replication_evaluates_functions(start_cluster: StartCluster) -> None:
    server = start_cluster(wal_level="logical")
    with server.connect() as publisher:
        publisher.execute("create extension plts")
        publisher.execute("create table item (n int)")
        publisher.execute("create publication everything for table item")
        publisher.execute("create database subscriber")
        publisher.execute(
            "select pg_create_logical_replication_slot('items', 'pgoutput')"
        )
        with server.connect("subscriber") as subscriber:
            subscriber.execute("create extension plts")
            subscriber.execute(TABLE.replace("insert into", "-- insert into").encode())
            subscriber.execute(
                f"create subscription items connection '{server.dsn()}' publication "
                "everything with (create_slot = false, slot_name = items)".encode()
            )
            publisher.execute("insert into item values (3)")

            arrived = wait_until(
                lambda: fetch(subscriber, "select max(doubled) from item") == 6,
                seconds=30,
            )

            subscriber.execute("alter subscription items disable")
            subscriber.execute("alter subscription items set (slot_name = none)")
            subscriber.execute("drop subscription items")
        assert arrived
