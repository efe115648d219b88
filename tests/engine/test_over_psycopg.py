"""The engine over psycopg: the same verbs, with no PL/Python between."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from stopgap.engine.database import Severity, SqlError
from stopgap.engine.errors import CompileFailed, NotDeployer, TooFewSteps
from stopgap.engine.session import Caller, Session, open_session
from stopgap.engine.verbs.deploy import deploy
from stopgap.engine.verbs.deployments import deployments
from stopgap.engine.verbs.diff import diff as run_diff
from stopgap.engine.verbs.rollback import rollback
from stopgap.engine.verbs.status import status
from tests.engine.psycopg_database import PsycopgDatabase
from tests.fixtures.cluster import Connect
from tests.stopgap.schema import Connection, bodies, write

EMPTY = '{"allow_empty": true}'
SUPERUSER = Caller("postgres", "postgres")


@pytest.fixture
def shop(connect: Connect) -> Iterator[Connection]:
    """An open transaction in which a function was written."""
    connection = connect(autocommit=False)
    write(connection, "f")
    yield connection
    connection.rollback()


def session(connection: Connection, caller: Caller = SUPERUSER) -> Session:
    """Return a call of the engine; the role lasts as long as the transaction."""
    connection.execute("reset role")
    return open_session(PsycopgDatabase(connection), caller)


def test_every_verb_runs_outside_the_server(shop: Connection) -> None:
    first = deploy(session(shop), "prod", "shop", "v1", None)
    shop.execute("reset role")
    write(shop, "f", 2)
    diff = json.loads(run_diff(session(shop), "prod", "shop", None))
    second = deploy(session(shop), "prod", "shop", "v2", '{"prune": true}')
    back = rollback(session(shop), "prod", 1, None, None)
    found = status(session(shop), "prod")
    history = json.loads(deployments(session(shop), "prod", None, None, None))

    assert diff["summary"]["changed"] == 1
    assert back == first
    assert found is not None
    assert json.loads(found)["active_deployment"]["label"] == "v1"
    assert json.loads(found)["drift"]["has_drift"] is False
    assert [each["id"] for each in history] == [second, first]
    assert bodies(shop).keys() == {"f"}


def test_refusals_are_exceptions_with_all_their_fields(shop: Connection) -> None:
    deploy(session(shop), "prod", "shop", None, None)

    with pytest.raises(TooFewSteps) as refused:
        rollback(session(shop), "prod", 1, None, None)

    assert refused.value.sqlstate == "SG204"
    assert refused.value.detail == "Deployment 1 is active."


def test_the_caller_is_who_is_checked(shop: Connection) -> None:
    with pytest.raises(NotDeployer, match="pg_monitor"):
        deploy(
            session(shop, Caller("postgres", "pg_monitor")), "prod", "shop", None, None
        )


def test_compile_errors_leave_the_transaction_usable(shop: Connection) -> None:
    shop.execute("set local check_function_bodies = off")
    write(shop, "wrong", 'export default (): number => "TYPE_ERROR";')

    with pytest.raises(CompileFailed) as refused:
        deploy(session(shop), "prod", "shop", None, None)

    assert (refused.value.detail or "").startswith("wrong:1:")
    assert bodies(shop) == {}


def test_errors_of_the_server_keep_their_sqlstate(shop: Connection) -> None:
    database = session(shop).database

    with pytest.raises(SqlError) as error:
        database.execute("drop schema shop")

    assert error.value.sqlstate == "42501"
    database.execute("select 1")


def test_what_the_engine_says_reaches_the_client(shop: Connection) -> None:
    shop.execute("create schema nothing")
    database = PsycopgDatabase(shop)

    deploy(open_session(database, SUPERUSER), "prod", "nothing", None, EMPTY)

    assert [each for each in database.said if each[0] is not Severity.LOG] == [
        (Severity.WARNING, 'schema "nothing" has no deployable function')
    ]
