"""ALTER EXTENSION plts UPDATE, and what changes names around functions."""

from __future__ import annotations

import pytest

from tests.fixtures.cluster import Connect, RunningCluster
from tests.plts.support import Connection, define, fetch, refused

POINTER = (
    '{{"plts":1,"kind":"artifact_ptr","artifact_hash":"{}",'
    '"export":"default","mode":"stopgap_deployed"}}'
)
MODULE = (
    'import { query } from "@stopgap/runtime"; '
    "export default query((args: { n: number }) => args.n + 1)"
)


@pytest.fixture
def old(connection: Connection) -> Connection:
    """A database with version 0.1.0 of the extension and functions made under it."""
    connection.execute("drop extension if exists stopgap; drop extension plts cascade")
    connection.execute("create extension plts version '0.1.0'")
    define(connection, "plain(a int, b text) returns text", "return `${a} ${b}`")
    define(connection, "module(args jsonb) returns jsonb", MODULE)
    stored = fetch(connection, "select plts.compile_and_store(%s)", [MODULE])
    define(connection, "pointer(args jsonb) returns jsonb", POINTER.format(stored))
    return connection


CALLS = {
    "select plain(1, 'x')": "1 x",
    "select module('{\"n\": 1}')": 2,
    "select pointer('{\"n\": 2}')": 3,
}


def results(connection: Connection) -> dict[str, object]:
    return {call: fetch(connection, call) for call in CALLS}


def hashes(connection: Connection) -> object:
    return fetch(
        connection, "select array_agg(artifact_hash order by 1) from plts.artifact"
    )


def test_functions_of_before_run_with_the_new_library(
    old: Connection, connect: Connect
) -> None:
    assert results(old) == CALLS
    assert results(connect()) == CALLS
    define(old, "later() returns int", "return 7")
    assert fetch(connect(), "select later()") == 7


def test_functions_of_before_run_after_the_update(
    old: Connection, connect: Connect
) -> None:
    during = connect()
    before = hashes(old)
    assert results(during) == CALLS

    old.execute("alter extension plts update")

    assert results(old) == CALLS
    assert results(during) == CALLS
    assert results(connect()) == CALLS
    assert set(before) <= set(hashes(old))  # type: ignore[call-overload]
    assert fetch(old, "select plts.recompile()") == 0
    assert fetch(old, "select extversion from pg_extension where extname = 'plts'") == (
        fetch(old, "select plts.version()")
    )


def test_an_update_that_is_rolled_back_leaves_the_old_version(old: Connection) -> None:
    old.autocommit = False
    old.execute("alter extension plts update")
    old.rollback()
    old.autocommit = True

    assert results(old) == CALLS
    old.execute("alter extension plts update")
    assert results(old) == CALLS


def test_an_update_stores_what_was_lost(old: Connection) -> None:
    old.execute("drop function pointer(jsonb); delete from plts.artifact")

    old.execute("alter extension plts update")

    assert fetch(old, "select count(*) from plts.artifact") == 2


def test_a_library_older_than_the_table_says_so(connection: Connection) -> None:
    connection.execute(
        "alter table plts.artifact add column of_the_future text not null"
    )

    with refused("55000") as refusal:
        define(connection, "f() returns int", "return 1")

    assert "older than the extension" in refusal.message
    assert refusal.hint


def test_a_function_that_the_library_lacks_is_an_error(connection: Connection) -> None:
    with refused("42883") as refusal:
        connection.execute(
            "create function plts.of_the_future() returns int language c "
            "as '$libdir/plts', 'plts_of_the_future'"
        )

    assert "plts_of_the_future" in refusal.message


def test_functions_survive_renamed_schemas_and_owners(
    connection: Connection, connect: Connect
) -> None:
    connection.execute("create role renamed_before; create schema before")
    connection.execute("grant usage on language plts to renamed_before")
    define(connection, "before.f() returns text", "return ctx.fn.schema")
    connection.execute("alter function before.f() owner to renamed_before")
    assert fetch(connection, "select before.f()") == "before"

    connection.execute("alter schema before rename to after_it")
    connection.execute("alter role renamed_before rename to renamed_after")

    assert fetch(connection, "select after_it.f()") == "after_it"
    assert fetch(connect(), "select after_it.f()") == "after_it"
    connection.execute("drop owned by renamed_after; drop role renamed_after")


def test_functions_survive_a_renamed_database(cluster: RunningCluster) -> None:
    name = cluster.clone()
    with cluster.connect(name) as connection:
        define(connection, "f() returns int", "return 1")
    with cluster.connect() as administrator:
        administrator.execute(
            f"alter database {name} rename to {name}_renamed".encode()
        )

    with cluster.connect(f"{name}_renamed") as connection:
        assert fetch(connection, "select f()") == 1
        assert fetch(connection, "select plts.recompile()") == 0
    cluster.drop(f"{name}_renamed")
