"""Source schemas for tests: functions whose code is what each test is about."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[object, ...]]


def answering(value: object) -> str:
    """Return the module of a function that answers with a value."""
    return f"export default () => ({value});"


def write(
    connection: Connection,
    name: str,
    code: object = 1,
    *,
    schema: str = "shop",
    attributes: str = "",
) -> None:
    """Write a source function; `code` is its module, or what it is to answer."""
    connection.execute(
        sql.SQL("create schema if not exists {}").format(sql.Identifier(schema))
    )
    connection.execute(
        sql.SQL(
            "create or replace function {}(args jsonb) returns jsonb"
            " language plts {} as {}"
        ).format(
            sql.Identifier(schema, name),
            sql.SQL(attributes),
            sql.Literal(code if isinstance(code, str) else answering(code)),
        )
    )


def value(connection: Connection, query: str, *parameters: object) -> Any:
    """Return the only value of the only row."""
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return row[0]


def rows(
    connection: Connection, query: str, *parameters: object
) -> list[tuple[Any, ...]]:
    """Return all rows."""
    return connection.execute(query.encode(), parameters).fetchall()


def deploy(
    connection: Connection,
    env: str = "prod",
    schema: str = "shop",
    label: str | None = None,
    options: str = "{}",
) -> int:
    """Deploy, and return the deployment."""
    found = value(
        connection, "select stopgap.deploy(%s, %s, %s, %s)", env, schema, label, options
    )
    return int(found)


def rollback(
    connection: Connection, env: str = "prod", steps: int = 1, to_id: int | None = None
) -> int:
    """Roll back, and return the deployment."""
    return int(
        value(connection, "select stopgap.rollback(%s, %s, %s)", env, steps, to_id)
    )


def status(connection: Connection, env: str = "prod") -> Any:
    """Return the status of an environment."""
    return value(connection, "select stopgap.status(%s)", env)


def statuses(connection: Connection, env: str = "prod") -> dict[int, str]:
    """Return the status of each deployment of an environment."""
    found = rows(
        connection,
        "select id, status from stopgap.deployment where env = %s order by id",
        env,
    )
    return dict(found)


def bodies(connection: Connection, schema: str = "live_deployment") -> dict[str, str]:
    """Return the bodies of the functions of a live schema, by name."""
    found = rows(
        connection,
        "select proname::text, prosrc from pg_proc"
        " where pronamespace = %s::regnamespace",
        schema,
    )
    return dict(found)


def grants(connection: Connection, name: str) -> set[str]:
    """Return who may execute a live function, besides its owner."""
    found = rows(
        connection,
        "select case a.grantee when 0 then 'public' else a.grantee::regrole::text end"
        " || case when a.is_grantable then '*' else '' end"
        " from pg_proc as p, aclexplode(p.proacl) as a"
        " where p.oid = ('live_deployment.' || quote_ident(%s))::regproc"
        " and a.grantee <> p.proowner",
        name,
    )
    return {name for (name,) in found}
