"""DDL that fails: whose doing it was, and which of it is for another attempt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.fixtures.cluster import Connect
from tests.stopgap.schema import Connection, bodies, deploy, rollback, status, write
from tests.stopgap.test_concurrency import backend, in_thread, wait_until_blocked

PRUNE = '{"prune": true, "allow_empty": true}'


def event_trigger(
    connection: Connection, body: str, event: str = "ddl_command_end"
) -> None:
    """Make an event trigger with a name that has to be quoted; to the end."""
    connection.execute(
        "create function public.audit() returns event_trigger language plpgsql"
        f" as $$begin {body} end$$".encode()
    )
    connection.execute(
        f'create event trigger "Audit it" on {event}'
        " execute function public.audit()".encode()
    )


def replaced(connection: Connection) -> int:
    write(connection, "f", 2)
    return deploy(connection)


def dropped(connection: Connection) -> int:
    connection.execute("drop function if exists shop.f")
    return deploy(connection, options=PRUNE)


def rolled_back(connection: Connection) -> int:
    return rollback(connection)


def commented(connection: Connection) -> int:
    connection.execute("comment on function shop.f is 'another'")
    return deploy(connection)


CHANGES = pytest.mark.parametrize("change", [replaced, dropped, rolled_back, commented])


@CHANGES
@pytest.mark.parametrize("statement", ["drop function", "drop schema"])
def test_a_live_function_that_another_session_drops_is_a_refusal_to_be_retried(
    connection: Connection,
    connect: Connect,
    change: Callable[[Connection], int],
    statement: str,
) -> None:
    write(connection, "f", 0)
    deploy(connection)
    write(connection, "f", 1)
    deploy(connection)
    dropper, deployer = connect(autocommit=False), connect()
    what = {"drop function": "live_deployment.f", "drop schema": "live_deployment"}
    dropper.execute(f"{statement} {what[statement]} cascade".encode())

    with in_thread(lambda: change(deployer)) as changing:
        wait_until_blocked(connection, backend(deployer))
        dropper.commit()
        with pytest.raises(psycopg.Error, match="same time") as error:
            changing.result(timeout=30)

    assert error.value.sqlstate == "SG208"
    assert "OID" not in str(error.value.diag.message_primary)
    assert status(connection)["active_deployment_id"] == 2
    change(deployer)


def test_a_function_that_appears_meanwhile_is_a_refusal_to_be_retried(
    connection: Connection, connect: Connect
) -> None:
    write(connection, "f")
    deploy(connection)
    write(connection, "g")
    other, deployer = connect(autocommit=False), connect()
    other.execute("set role stopgap_owner")
    other.execute(
        "create function live_deployment.g(args jsonb) returns jsonb return args"
    )

    with in_thread(lambda: deploy(deployer)) as deploying:
        wait_until_blocked(connection, backend(deployer))
        other.commit()
        with pytest.raises(psycopg.Error, match="same time") as error:
            deploying.result(timeout=30)

    assert error.value.sqlstate == "SG208"
    deploy(deployer)
    assert bodies(connection).keys() == {"f", "g"}


@pytest.mark.parametrize(
    ("sqlstate", "text"),
    [
        ("XX000", "a broken page"),
        ("XX000", "told of: tuple concurrently updated"),
        ("42883", "function with OID 1 does not exist"),
        ("42704", "what is missing"),
        ("23505", "there twice"),
        ("2BP01", "it is needed"),
    ],
)
def test_an_error_that_is_no_collision_stays_what_it_is(
    connection: Connection, sqlstate: str, text: str
) -> None:
    write(connection, "f")
    event_trigger(
        connection, f"raise exception using errcode = '{sqlstate}', message = '{text}';"
    )

    with pytest.raises(psycopg.Error) as error:
        deploy(connection)

    assert error.value.sqlstate == sqlstate
    assert text in str(error.value.diag.message_primary)


@pytest.mark.parametrize("event", ["ddl_command_start", "ddl_command_end"])
def test_an_event_trigger_that_fails_is_named(
    connection: Connection, event: str
) -> None:
    connection.execute("create table public.log (said text)")
    write(connection, "f")
    event_trigger(connection, "insert into public.log values (tg_tag);", event)

    with pytest.raises(psycopg.Error) as error:
        deploy(connection)

    assert error.value.sqlstate == "42501"
    told = error.value.diag
    assert told.message_primary == (
        'stopgap.deploy: event trigger "Audit it" failed: permission denied for table'
        " log"
    )
    assert "stopgap_owner" in (told.message_hint or "")
    assert status(connection) is None

    connection.execute("grant insert on public.log to stopgap_owner")
    deploy(connection)


def test_an_event_trigger_that_fails_at_a_drop_is_named(connection: Connection) -> None:
    write(connection, "f")
    write(connection, "g")
    deploy(connection)
    connection.execute("drop function shop.g")
    event_trigger(connection, "raise exception 'not on a Friday';", "sql_drop")

    with pytest.raises(psycopg.Error) as error:
        deploy(connection, options=PRUNE)

    assert error.value.sqlstate == "P0001"
    assert 'event trigger "Audit it" failed: not on a Friday' in str(error.value)
    assert bodies(connection).keys() == {"f", "g"}


def test_what_an_event_trigger_has_no_part_in_is_not_laid_to_it(
    connection: Connection, connect: Connect
) -> None:
    write(connection, "f", 1)
    deploy(connection)
    write(connection, "f", 2)
    event_trigger(connection, "null;")
    other, deployer = connect(autocommit=False), connect()
    other.execute("alter function live_deployment.f cost 5")
    deployer.execute("set lock_timeout = '10ms'")

    with pytest.raises(psycopg.Error) as error:
        deploy(deployer)

    assert "event trigger" not in str(error.value)
    other.rollback()


def plan(connection: Connection) -> Any:
    row = connection.execute("select stopgap.plan('prod', 'shop')").fetchone()
    assert row is not None
    return row[0]


def test_a_plan_names_the_event_triggers_that_would_run(
    connection: Connection,
) -> None:
    write(connection, "f")
    event_trigger(connection, "null;")
    for tag in ("CREATE TABLE", "CREATE FUNCTION"):
        connection.execute(
            f"create event trigger \"{tag}\" on ddl_command_end when tag in ('{tag}')"
            " execute function public.audit()".encode()
        )
    connection.execute('alter event trigger "CREATE FUNCTION" disable')

    assert plan(connection)["event_triggers"] == ["Audit it"]
    deploy(connection)
    assert plan(connection)["event_triggers"] == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("plpy.execute('select 1 / 0')", "division by zero"),
        ("plpy.error('not today')", "not today"),
        ("plpy.execute('select public.inner()')", "not inside"),
    ],
)
def test_no_words_of_pl_python_stand_before_a_message(
    connection: Connection, body: str, told: str
) -> None:
    write(connection, "f")
    connection.execute(
        "create function public.inner() returns int language plpython3u as"
        " $$plpy.error('not inside')$$;"
        "create function public.outer() returns int language plpython3u"
        f" as $${body}$$".encode()
    )
    event_trigger(connection, "perform public.outer();")

    with pytest.raises(psycopg.Error) as error:
        deploy(connection)

    assert error.value.diag.message_primary == (
        f'stopgap.deploy: event trigger "Audit it" failed: {told}'
    )
