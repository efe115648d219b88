"""What a live function takes over from its source, through deploys and rollbacks."""

from __future__ import annotations

import psycopg
import pytest

from tests.stopgap.schema import (
    Connection,
    deploy,
    rollback,
    rows,
    status,
    value,
    write,
)

QUERY = (
    "select provolatile::text, proisstrict, proparallel::text, procost, proconfig,"
    " obj_description(oid, 'pg_proc') from pg_proc where oid = %s::regproc"
)


def both(connection: Connection, name: str = "f") -> tuple[object, object]:
    """Return the attributes of a source function and of its live function."""
    (source,) = rows(connection, QUERY, f"shop.{name}")
    (live,) = rows(connection, QUERY, f"live_deployment.{name}")
    return source, live


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        "immutable strict parallel safe cost 0.1",
        "stable parallel restricted cost 1234567",
        "set search_path to shop, pg_temp",
        "set search_path to ''",
        "set search_path to \"$user\", \"A b\", 'it''s'",
        "set work_mem to '1MB' set DateStyle to 'ISO, DMY'",
        "set application_name to 'x \\ y'",
        "set timezone to 'Europe/Berlin'",
    ],
)
def test_a_live_function_has_the_attributes_of_its_source(
    connection: Connection, attributes: str
) -> None:
    write(connection, "f", attributes=attributes)

    deploy(connection)

    source, live = both(connection)
    assert live == source
    assert status(connection)["drift"]["has_drift"] is False


def test_a_comment_is_deployed_changed_and_removed(connection: Connection) -> None:
    write(connection, "f")
    for comment in ("'it''s \\ first'", "'second'", "null"):
        connection.execute(f"comment on function shop.f(jsonb) is {comment}".encode())
        deploy(connection)
        source, live = both(connection)
        assert live == source


def test_attributes_alone_are_a_new_version(connection: Connection) -> None:
    write(connection, "f")
    deploy(connection)
    connection.execute("alter function shop.f(jsonb) stable set work_mem = '2MB'")

    diff = value(connection, "select stopgap.diff('prod', 'shop')")
    deploy(connection)

    assert diff["summary"]["changed"] == 1
    assert diff["functions"][0]["changed_attributes"] == ["volatility", "set"]
    source, live = both(connection)
    assert live == source


def test_attributes_are_rolled_back(connection: Connection) -> None:
    write(connection, "f", attributes="stable strict cost 5 set work_mem to '1MB'")
    connection.execute("comment on function shop.f(jsonb) is 'first'")
    before, _ = both_after_deploy(connection)
    write(connection, "f")
    connection.execute("comment on function shop.f(jsonb) is 'second'")
    deploy(connection)

    rollback(connection)

    assert both(connection)[1] == before


def both_after_deploy(connection: Connection) -> tuple[object, object]:
    deploy(connection)
    return both(connection)


@pytest.mark.parametrize(
    ("parameter", "quoted"),
    [("log_statement", '"log_statement"'), ("my.own", '"my"."own"')],
)
def test_a_parameter_that_the_owner_may_not_set_is_refused(
    connection: Connection, parameter: str, quoted: str
) -> None:
    write(connection, "f", attributes=f"set {parameter} to 'all'")

    with pytest.raises(psycopg.Error, match=parameter) as error:
        deploy(connection)

    assert error.value.sqlstate == "SG005"
    assert error.value.diag.message_hint == (
        f"As a superuser: grant set on parameter {quoted} to stopgap_owner;"
    )
