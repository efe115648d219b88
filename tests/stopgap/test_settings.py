"""The settings stopgap.*: that they are heeded, and that bad ones are errors."""

from __future__ import annotations

import psycopg
import pytest

from tests.stopgap.schema import (
    Connection,
    bodies,
    deploy,
    status,
    value,
    write,
)


def configure(connection: Connection, name: str, setting: str) -> None:
    value(connection, "select set_config(%s, %s, false)", f"stopgap.{name}", setting)


@pytest.mark.parametrize(
    ("name", "setting"),
    [("prune", "sometimes"), ("notify", "2"), ("log_level", "loud")],
)
def test_a_bad_value_is_an_error(
    connection: Connection, name: str, setting: str
) -> None:
    write(connection, "f")
    configure(connection, name, setting)

    with pytest.raises(psycopg.Error, match=rf"stopgap\.{name}") as error:
        deploy(connection)

    assert error.value.sqlstate == "SG103"


def test_the_live_schema_is_chosen_when_the_environment_is_made(
    connection: Connection,
) -> None:
    write(connection, "f")
    configure(connection, "live_schema", "Api v1")
    deploy(connection)
    configure(connection, "live_schema", "elsewhere")

    deploy(connection)

    assert status(connection)["live_schema"] == "Api v1"
    assert bodies(connection, '"Api v1"').keys() == {"f"}


def test_the_default_environment_can_be_another(connection: Connection) -> None:
    write(connection, "f")
    configure(connection, "default_env", "main")

    deploy(connection, "main")
    deploy(connection, "prod")

    assert status(connection, "main")["live_schema"] == "live_deployment"
    assert status(connection, "prod")["live_schema"] == "live_deployment_prod"


@pytest.mark.parametrize(
    "schema",
    [
        "pg_live",
        "information_schema",
        "public",
        "shop",
        "stopgap",
        "plts",
        "live_deployment_taken",
        "somebodys",
        "x" * 64,
    ],
)
def test_a_schema_that_is_not_the_engines_to_have_is_refused(
    connection: Connection, schema: str
) -> None:
    write(connection, "f")
    connection.execute("create schema somebodys")
    deploy(connection, "taken")
    configure(connection, "live_schema", schema)

    with pytest.raises(psycopg.Error) as error:
        deploy(connection)

    assert error.value.sqlstate == "SG106"


def test_an_existing_schema_of_the_engine_is_adopted(connection: Connection) -> None:
    write(connection, "f")
    connection.execute("create schema mine authorization stopgap_owner")
    configure(connection, "live_schema", "mine")

    deploy(connection)

    assert bodies(connection, "mine").keys() == {"f"}


def test_a_long_environment_gets_a_name_that_fits(connection: Connection) -> None:
    write(connection, "f")
    names = []
    for env in ("e" * 100 + "1", "e" * 100 + "2"):
        deploy(connection, env)
        names.append(status(connection, env)["live_schema"])

    assert len(set(names)) == 2
    assert {len(name) for name in names} == {63}


def test_the_log_level_decides_what_is_said(connection: Connection) -> None:
    write(connection, "f")
    said: list[str | None] = []
    connection.add_notice_handler(lambda notice: said.append(notice.message_primary))

    deploy(connection)
    configure(connection, "log_level", "info")
    deploy(connection)

    assert said == [
        "live functions: 0 created, 0 replaced, 1 unchanged, 0 dropped, 0 retained"
    ]
