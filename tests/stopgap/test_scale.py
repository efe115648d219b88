"""Many functions: what a deploy of a thousand costs in ids and locks, not in time."""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.cluster import StartCluster
from tests.stopgap.schema import Connection, bodies, deploy, rollback, value

pytestmark = pytest.mark.slow

COUNT = 1000


def write_many(connection: Connection, code: int) -> None:
    """Write a thousand functions without compiling them one by one."""
    connection.execute("set check_function_bodies = off")
    connection.execute("create schema if not exists shop")
    connection.execute(
        "do $$ begin for i in 1.." + str(COUNT) + " loop"
        # Not one transaction, whose locks are what one of these tests is about.
        " if i % 100 = 0 then commit; end if;"
        " execute format("
        "'create or replace function shop.f%s(args jsonb) returns jsonb language plts"
        f" as %L', i, 'export default () => ' || i || ' + {code};'); end loop; end $$"
    )


def xid(connection: Connection) -> int:
    found = value(connection, "select pg_current_xact_id()::text::bigint")
    return int(found)


def test_a_thousand_functions_cost_a_handful_of_transaction_ids(
    connection: Connection,
) -> None:
    write_many(connection, 1)
    deploy(connection, "staging")
    before = xid(connection)

    deploy(connection)
    after_first = xid(connection)
    deploy(connection)
    after_same = xid(connection)
    write_many(connection, 2)
    deploy(connection, "staging")
    before_changed = xid(connection)
    deploy(connection)
    before_rollback = xid(connection)
    rollback(connection)
    after_rollback = xid(connection)

    assert len(bodies(connection)) == COUNT
    # A subtransaction for each call that writes, and one for each 500 functions.
    assert after_first - before < 30
    assert after_same - after_first < 25
    assert before_rollback - before_changed < 25
    assert after_rollback - before_rollback < 25


def test_more_locks_than_the_server_has_are_refused_before_any_ddl(
    start_cluster: StartCluster,
) -> None:
    running = start_cluster(max_locks_per_transaction="10", max_connections="10")
    with running.connect() as connection:
        connection.execute("create extension stopgap cascade")
        write_many(connection, 1)
        first = deploy(connection)
        write_many(connection, 2)

        with pytest.raises(psycopg.Error, match="1000 locks") as error:
            deploy(connection)

        assert error.value.sqlstate == "SG209"
        assert "max_locks_per_transaction = " in (error.value.diag.message_hint or "")
        active = value(
            connection, "select active_deployment_id from stopgap.environment"
        )
        assert active == first
