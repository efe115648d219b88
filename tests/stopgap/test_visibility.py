"""What callers see of a switch: at every isolation level, prepared, and pooled."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import errors

from stopgap.server.cluster import wait_until
from tests.fixtures.cluster import Connect
from tests.stopgap.roles import APP
from tests.stopgap.schema import (
    Connection,
    bodies,
    deploy,
    rollback,
    status,
    statuses,
    value,
    write,
)

LEVELS = ["read committed", "repeatable read", "serializable"]
AT_EVERY_LEVEL = pytest.mark.parametrize("level", LEVELS)
_numbers = itertools.count()
CALL = "select live_deployment.f('{}')"

# Answers with its version before and after it waited for a lock of the test's.
WAITING = """export default async (ctx: Ctx<unknown>) => {{
  await ctx.db.query("select pg_advisory_xact_lock_shared(77)");
  const [inner] = await ctx.db.query<{{ v: number }}>(
    "select live_deployment.inner('{{}}')::int as v");
  return [{0}, inner!.v];
}};"""


@pytest.fixture
def caller(connection: Connection, connect: Connect) -> Connection:
    """A caller outside of transactions, of a function that answers 1."""
    write(connection, "f", 1)
    deploy(connection)
    return connect()


def notice_changes(caller: Connection) -> None:
    """Do what makes PostgreSQL look for changes within a transaction.

    It does so whenever a lock is taken that the transaction did not have; a function
    that was replaced is otherwise met in the next transaction.
    """
    number = next(_numbers)
    caller.execute(f"create temp table noticing_{number} ()".encode())


def begin(caller: Connection, level: str) -> None:
    caller.execute(f"begin isolation level {level}".encode())
    # The snapshot of the transaction is taken here, before anything is deployed.
    caller.execute("select count(*) from stopgap.deployment")


@AT_EVERY_LEVEL
def test_a_new_statement_runs_the_new_version(
    connection: Connection, caller: Connection, level: str
) -> None:
    begin(caller, level)
    assert value(caller, CALL) == 1

    write(connection, "f", 2)
    deploy(connection)
    notice_changes(caller)
    after_deploy = value(caller, CALL)
    rollback(connection)
    notice_changes(caller)
    after_rollback = value(caller, CALL)
    caller.execute("commit")

    assert (after_deploy, after_rollback) == (2, 1)


@AT_EVERY_LEVEL
def test_the_first_call_of_a_transaction_that_is_older_than_the_deploy_succeeds(
    connection: Connection, caller: Connection, level: str
) -> None:
    begin(caller, level)
    write(connection, "f", 2)
    write(connection, "new", 2)
    deploy(connection)

    assert value(caller, CALL) == 2
    assert value(caller, "select live_deployment.new('{}')") == 2


@AT_EVERY_LEVEL
def test_a_statement_that_has_begun_keeps_its_version(
    connection: Connection, caller: Connection, level: str
) -> None:
    begin(caller, level)
    write(connection, "f", 2)
    rows = caller.cursor()
    caller.execute(
        "declare c cursor for select live_deployment.f('{}')"
        " from generate_series(1, 20)"
    )
    first = rows.execute("fetch 10 from c").fetchall()

    deploy(connection)
    notice_changes(caller)
    second = rows.execute("fetch 10 from c").fetchall()

    # The cursor's query is one statement, however many commands fetch from it.
    assert {answer for (answer,) in first + second} == {1}


@AT_EVERY_LEVEL
def test_a_call_runs_one_version_to_its_end(
    connection: Connection, connect: Connect, level: str
) -> None:
    write(connection, "inner", 1)
    write(connection, "f", WAITING.format(1))
    deploy(connection)
    gate, caller = connect(), connect()
    value(gate, "select pg_advisory_lock(77)")
    begin(caller, level)

    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(value, caller, CALL)
        assert wait_until(
            lambda: value(
                connection,
                "select count(*) = 1 from pg_locks"
                " where locktype = 'advisory' and objid = 77 and not granted",
            ),
            seconds=30,
        )
        write(connection, "inner", 2)
        write(connection, "f", WAITING.format(2))
        deploy(connection)
        value(gate, "select pg_advisory_unlock(77)")
        outer, inner = calling.result(timeout=30)

    # The call itself goes on as it began; a nested call meets what is live by then.
    assert (outer, inner) in {(1, 1), (1, 2)}
    notice_changes(caller)
    assert value(caller, CALL) == [2, 2]


@AT_EVERY_LEVEL
def test_a_new_statement_that_calls_a_removed_function_is_told(
    connection: Connection, caller: Connection, level: str
) -> None:
    write(connection, "other", 1)
    begin(caller, level)
    connection.execute("drop function shop.f(jsonb)")
    deploy(connection, options='{"prune": true, "allow_empty": true}')

    with pytest.raises(errors.UndefinedFunction):
        value(caller, CALL)


def test_a_prepared_statement_runs_the_new_version(
    connection: Connection, caller: Connection
) -> None:
    caller.execute("prepare p(jsonb) as select live_deployment.f($1)")
    answers = [value(caller, "execute p('{}')") for _ in range(8)]

    write(connection, "f", 2)
    deploy(connection)
    answers.append(value(caller, "execute p('{}')"))
    rollback(connection)
    answers.append(value(caller, "execute p('{}')"))

    assert answers == [1] * 8 + [2, 1]


def test_a_prepared_statement_follows_a_function_that_was_dropped_and_came_back(
    connection: Connection, caller: Connection
) -> None:
    write(connection, "other", 1)
    caller.execute("prepare p as select live_deployment.f('{}')")
    assert value(caller, "execute p") == 1
    connection.execute("drop function shop.f(jsonb)")
    deploy(connection, options='{"prune": true, "allow_empty": true}')
    with pytest.raises(psycopg.Error):
        value(caller, "execute p")

    rollback(connection)

    assert value(caller, "execute p") == 1


@pytest.mark.usefixtures("roles")
def test_a_pooled_session_sees_the_switch_under_each_role_it_takes_on(
    connection: Connection, caller: Connection
) -> None:
    def answers() -> list[int]:
        found = []
        for role in (APP, "postgres", APP):
            with caller.transaction():
                caller.execute(f"set local role {role}".encode())
                found.append(value(caller, CALL))
        return found

    before = answers()
    write(connection, "f", 2)
    deploy(connection)

    assert (before, answers()) == ([1, 1, 1], [2, 2, 2])


@pytest.mark.parametrize("level", LEVELS[1:])
@pytest.mark.parametrize("verb", ["deploy('prod', 'shop')", "rollback('prod')"])
def test_verbs_are_refused_where_a_snapshot_may_be_older_than_the_lock(
    connection: Connection, caller: Connection, level: str, verb: str
) -> None:
    begin(caller, level)

    with pytest.raises(psycopg.Error, match=level) as error:
        value(caller, f"select stopgap.{verb}")

    assert error.value.sqlstate == "SG201"
    assert error.value.diag.message_hint == "begin isolation level read committed;"


def test_one_of_two_that_deadlock_ends_and_the_other_deploys(
    connection: Connection, connect: Connect
) -> None:
    write(connection, "f", 1)
    deploy(connection)
    write(connection, "f", 2)
    first, second = connect(autocommit=False), connect(autocommit=False)
    for session in (first, second):
        session.execute("set deadlock_timeout = '10ms'")
    # The second will wait for this row of pg_proc with the environment's lock in
    # hand, and the first then waits for that lock.
    first.execute("grant execute on function live_deployment.f to pg_monitor")

    with ThreadPoolExecutor(2) as pool:
        deploys = [pool.submit(deploy, second)]
        assert wait_until(
            lambda: value(
                connection,
                "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s",
                second.info.backend_pid,
            ),
            seconds=30,
        )
        deploys.append(pool.submit(deploy, first))
        outcomes: list[int | str | None] = []
        for session, deploying in zip((second, first), deploys, strict=True):
            try:
                outcomes.append(deploying.result(timeout=30))
                session.commit()
            except psycopg.Error as error:
                session.rollback()
                outcomes.append(error.sqlstate)

    assert outcomes.count("40P01") == 1
    assert list(statuses(connection).values()) == ["superseded", "active"]
    assert status(connection)["drift"]["has_drift"] is False
    assert value(connection, CALL) == 2
    assert bodies(connection).keys() == {"f"}
    deploy(connection)
