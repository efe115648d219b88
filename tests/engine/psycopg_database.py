"""The engine's database over psycopg, with which it runs here and in a debugger."""

from __future__ import annotations

import re
from typing import Any

import psycopg
from psycopg.rows import dict_row

from stopgap.engine.database import Database, ErrorFields, Row, Severity, SqlError
from stopgap.engine.queries import Query, load_query


class PsycopgDatabase(Database):
    """One transaction of a connection, in the role stopgap_owner.

    What the engine says is kept in `said`.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.said: list[tuple[Severity, str]] = []
        connection.execute("set local role stopgap_owner")

    def fetch(self, query: str, /, **arguments: object) -> list[Row]:
        """Run a query within a savepoint."""
        loaded = load_query(query)
        values = loaded.arguments(arguments)
        try:
            with (
                self._connection.transaction(),
                psycopg.RawCursor(self._connection, row_factory=dict_row) as cursor,
            ):
                cursor.execute(_with_types(loaded), values)
                return list(cursor) if cursor.description else []
        except psycopg.Error as error:
            raise _sql_error(error) from error

    def execute(self, statements: str, /) -> None:
        """Run statements within a savepoint."""
        try:
            with self._connection.transaction():
                self._connection.execute(statements.encode())
        except psycopg.Error as error:
            raise _sql_error(error) from error

    def say(self, severity: Severity, text: str, /) -> None:
        """Keep a message."""
        self.said.append((severity, text))


def _with_types(query: Query) -> bytes:
    """Cast each parameter to the type that plpy.prepare() is told."""
    typed = re.sub(
        r"\$(\d+)",
        lambda match: f"{match.group(0)}::{query.types[int(match.group(1)) - 1]}",
        query.text,
    )
    return typed.encode()


def _sql_error(error: psycopg.Error) -> SqlError:
    fields = ErrorFields(
        message=error.diag.message_primary or str(error),
        detail=error.diag.message_detail,
        hint=error.diag.message_hint,
        schema_name=error.diag.schema_name,
        table_name=error.diag.table_name,
        column_name=error.diag.column_name,
        datatype_name=error.diag.datatype_name,
        constraint_name=error.diag.constraint_name,
    )
    return SqlError(error.sqlstate or "XX000", fields)
