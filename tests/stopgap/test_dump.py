"""pg_dump and restore: the history, the artifacts and the live functions survive."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from stopgap.server import Tree
from tests.fixtures.cluster import Connect, RunningCluster
from tests.stopgap.schema import (
    Connection,
    bodies,
    deploy,
    grants,
    rollback,
    rows,
    status,
    value,
    write,
)

TABLES = (
    "environment",
    "deployment",
    "fn_version",
    "activation_log",
    "dropped_function",
)
# What a call of a pointer ends with whose artifact is not stored.
MISSING_ARTIFACT = "42704"
Run = Callable[..., None]


@pytest.fixture
def run(tree: Tree) -> Run:
    """Runs a client program of PostgreSQL."""

    def run_program(program: str, *arguments: str) -> None:
        command = [tree.program(program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    return run_program


@pytest.fixture
def history(connection: Connection) -> Connection:
    """A database with deployments, a rollback and a pruned function."""
    write(connection, "f", 1)
    write(connection, "gone", 1)
    deploy(connection)
    connection.execute("drop function shop.gone(jsonb)")
    write(connection, "f", 2)
    deploy(connection, options='{"prune": true}')
    deploy(connection, "staging")
    rollback(connection)
    return connection


def contents(connection: Connection) -> dict[str, object]:
    """Return all that must survive."""
    return {
        **{
            table: rows(connection, f"select * from stopgap.{table} order by 1, 2, 3")
            for table in TABLES
        },
        "artifacts": rows(connection, "select * from plts.artifact order by 1"),
        "live": bodies(connection),
        "next": value(connection, "select last_value from stopgap.deployment_id_seq"),
    }


def keys(connection: Connection) -> list[tuple[object, ...]]:
    """Return the constraints of the tables."""
    return rows(
        connection,
        "select conname::text, convalidated, pg_get_constraintdef(oid)"
        " from pg_constraint where connamespace = 'stopgap'::regnamespace"
        " order by conname",
    )


@pytest.mark.parametrize(
    ("dump", "restore"),
    [
        (["-Fp"], None),
        (["-Fp", "--inserts"], None),
        (["-Fc"], ["-j2"]),
        (["-Fc"], ["-1"]),
    ],
    ids=["copy", "inserts", "parallel", "one transaction"],
)
def test_everything_survives_a_dump_and_restore(
    history: Connection,
    cluster: RunningCluster,
    connect: Connect,
    tmp_path: Path,
    run: Run,
    dump: list[str],
    restore: list[str] | None,
) -> None:
    before = contents(history)
    file = str(tmp_path / "dump")
    run("pg_dump", *dump, "-f", file, cluster.dsn(history.info.dbname))
    target = "restored_" + history.info.dbname
    history.execute(f"create database {target}".encode())
    try:
        dsn = cluster.dsn(target)
        if restore is None:
            run("psql", "-X", "-v", "ON_ERROR_STOP=1", "-q", "-f", file, dsn)
        else:
            run("pg_restore", "--exit-on-error", *restore, "-d", dsn, file)
        restored = connect(database=target)

        assert contents(restored) == before
        value(restored, "select stopgap.after_restore()")
        assert keys(restored) == keys(history)
        assert contents(restored) == before
        assert status(restored)["drift"]["has_drift"] is False
        assert value(restored, "select live_deployment.f('{}')") == 1
        assert deploy(restored) > 3
        assert rollback(restored, to_id=1) == 1
        restored.close()
    finally:
        cluster.drop(target)


def test_a_database_made_from_a_template_works_after_after_restore(
    history: Connection, cluster: RunningCluster, connect: Connect
) -> None:
    before = contents(history)
    target, source = "copy_" + history.info.dbname, history.info.dbname
    history.close()
    with cluster.connect() as connection:
        connection.execute(f"create database {target} template {source}".encode())
    try:
        copy = connect(database=target)
        assert contents(copy) == before
        assert value(copy, "select stopgap.after_restore()") == {
            "database": target,
            "live_schemas": ["live_deployment", "live_deployment_staging"],
            "functions": [],
        }
        deploy(copy, "another")
        copy.close()
    finally:
        cluster.drop(target)


def test_a_restore_without_owners_is_put_right(
    history: Connection,
    cluster: RunningCluster,
    connect: Connect,
    tmp_path: Path,
    run: Run,
) -> None:
    file = str(tmp_path / "dump")
    run("pg_dump", "-Fc", "--no-owner", "-f", file, cluster.dsn(history.info.dbname))
    target = "ownerless_" + history.info.dbname
    history.execute(f"create database {target}".encode())
    try:
        run("pg_restore", "--no-owner", "-d", cluster.dsn(target), file)
        restored = connect(database=target)
        assert status(restored)["drift"]["changed"] == ["f", "gone"]

        value(restored, "select stopgap.after_restore()")

        assert status(restored)["drift"]["has_drift"] is False
        write(restored, "f", 3)
        deploy(restored)
        restored.close()
    finally:
        cluster.drop(target)


def test_a_restore_without_privileges_is_put_right(
    history: Connection,
    cluster: RunningCluster,
    connect: Connect,
    tmp_path: Path,
    run: Run,
) -> None:
    file = str(tmp_path / "dump")
    run("pg_dump", "-Fc", "-x", "-f", file, cluster.dsn(history.info.dbname))
    target = "grantless_" + history.info.dbname
    history.execute(f"create database {target}".encode())
    try:
        run("pg_restore", "--exit-on-error", "-d", cluster.dsn(target), file)
        restored = connect(database=target)
        assert status(restored)["drift"]["changes"] == {
            "f": ["grants"],
            "gone": ["grants"],
        }
        messages = {
            each["message"]
            for each in value(restored, "select stopgap.verify()")["findings"]
        }
        assert {
            'live schema "live_deployment" has lost its grants',
            'live function "f" was changed by hand: everybody may execute it',
        } <= messages

        value(restored, "select stopgap.after_restore()")
        for env in ("prod", "staging"):
            value(restored, "select stopgap.repair(%s)", env)

        assert value(restored, "select stopgap.verify()")["findings"] == []
        assert grants(restored, "f") == grants(restored, "gone") == {"app_user"}
        restored.close()
    finally:
        cluster.drop(target)


@pytest.fixture
def empty(
    history: Connection, cluster: RunningCluster
) -> Iterator[Callable[[], Connection]]:
    """A database beside that of the history, and how to connect to it."""
    target = "partial_" + history.info.dbname
    history.execute(f"create database {target}".encode())
    with ExitStack() as stack:
        yield lambda: stack.enter_context(cluster.connect(target))
    cluster.drop(target)


Empty = Callable[[], Connection]


def test_a_dump_without_data_is_deployed_to_anew(
    history: Connection,
    empty: Empty,
    cluster: RunningCluster,
    tmp_path: Path,
    run: Run,
) -> None:
    file = str(tmp_path / "dump")
    restored = empty()
    run("pg_dump", "--schema-only", "-f", file, cluster.dsn(history.info.dbname))
    run(
        "psql",
        "-Xq",
        "-v",
        "ON_ERROR_STOP=1",
        "-f",
        file,
        cluster.dsn(restored.info.dbname),
    )

    # No history, and pointers without artifacts.
    assert status(restored) is None
    assert bodies(restored) == bodies(history)
    with pytest.raises(psycopg.Error, match="sha256:") as caught:
        restored.execute("select live_deployment.f('{}')")
    assert caught.value.sqlstate == MISSING_ARTIFACT

    value(restored, "select stopgap.after_restore()")
    assert deploy(restored) == 1
    assert value(restored, "select live_deployment.f('{}')") == 2
    # What this history does not know is not its to drop.
    assert status(restored)["drift"]["added"] == ["gone"]


def test_dumps_of_single_schemas_make_the_whole_when_restored_in_turn(
    history: Connection,
    empty: Empty,
    cluster: RunningCluster,
    tmp_path: Path,
    run: Run,
) -> None:
    before = contents(history)
    restored = empty()
    restored.execute("set client_min_messages = warning")
    restored.execute("create extension stopgap cascade")
    source = cluster.dsn(history.info.dbname)
    target = cluster.dsn(restored.info.dbname)
    file = str(tmp_path / "dump")
    # The extensions' schemas are there: of them, the rows are wanted.
    for schema, *options in (
        ("plts", "--data-only"),
        ("stopgap", "--data-only"),
        ("live_deployment",),
        ("live_deployment_staging",),
    ):
        run("pg_dump", "-Fc", "-n", schema, *options, "-f", file, source)
        run("pg_restore", "--exit-on-error", "-d", target, file)

    assert contents(restored) == before
    value(restored, "select stopgap.after_restore()")
    assert keys(restored) == keys(history)
    assert status(restored)["drift"]["has_drift"] is False
    assert value(restored, "select live_deployment.f('{}')") == 1
    assert value(restored, "select stopgap.verify()")["findings"] == []
    write(restored, "f", 3)
    assert deploy(restored) == value(
        history, "select max(id) + 1 from stopgap.deployment"
    )


def test_live_functions_without_their_artifacts_fail_and_are_listed(
    history: Connection,
    empty: Empty,
    cluster: RunningCluster,
    tmp_path: Path,
    run: Run,
) -> None:
    restored = empty()
    restored.execute("set client_min_messages = warning")
    restored.execute("create extension stopgap cascade")
    source = cluster.dsn(history.info.dbname)
    target = cluster.dsn(restored.info.dbname)
    file = str(tmp_path / "dump")
    # A superuser may restore rows without their parents.
    rows_alone = ("--data-only", "--disable-triggers")
    for schema, *options in (("stopgap", *rows_alone), ("live_deployment",)):
        run("pg_dump", "-Fc", "-n", schema, "-f", file, source)
        run("pg_restore", "--exit-on-error", *options, "-d", target, file)

    with pytest.raises(psycopg.Error, match="sha256:") as caught:
        restored.execute("select live_deployment.f('{}')")
    assert caught.value.sqlstate == MISSING_ARTIFACT
    assert status(restored)["drift"]["missing_artifacts"] == ["f", "gone"]
    checks = {
        each["check"] for each in value(restored, "select stopgap.verify()")["findings"]
    }
    assert checks
    with pytest.raises(psycopg.Error) as refused:
        rollback(restored, to_id=2)
    assert refused.value.sqlstate == "SG210"
    # The source schema was not dumped: it is written and deployed anew.
    write(restored, "f", 4)
    deploy(restored)
    assert value(restored, "select live_deployment.f('{}')") == 4


def test_rows_without_their_artifacts_do_not_keep_after_restore_from_its_work(
    history: Connection,
) -> None:
    before = keys(history)
    history.execute(
        "alter table stopgap.fn_version drop constraint fn_version_artifact_hash_fkey;"
        "delete from plts.artifact"
    )
    said: list[str | None] = []
    history.add_notice_handler(lambda notice: said.append(notice.message_primary))

    value(history, "select stopgap.after_restore()")

    assert said == ["rows of stopgap.fn_version refer to what is missing"]
    assert {key[0] for key in keys(history)} == {key[0] for key in before}
    assert status(history)["drift"]["missing_artifacts"] == ["f", "gone"]
