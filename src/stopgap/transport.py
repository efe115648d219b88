"""The connection of a client: statements, transactions, and what a broken one leaves.

A change is one transaction. When the connection breaks during its COMMIT, whether it
was done is asked over a new connection, by the token that was sent along.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from stopgap.errors import (
    ConnectionFailed,
    DatabaseError,
    NotInitialized,
    OutcomeUnknown,
    StopgapError,
    UndecodableAnswer,
    UsageError,
)
from stopgap.refusal import refusal
from stopgap.results import Outcome

# A SQLSTATE of the engine, see docs/reference/sql.md.
_CONCURRENT_CHANGE = "SG208"
# What PostgreSQL says where there is no schema stopgap, or not this function in it.
_MISSING = ("3F000", "42883")
_ATTEMPTS = 3
_OUTCOME = "select pg_catalog.current_setting('stopgap.outcome', true)"

Parameters = Sequence[object] | Mapping[str, object]
Connection = psycopg.Connection[tuple[Any, ...]]
# Looks at what a change did before it is committed; an exception undoes it.
Inspect = Callable[[Connection], None]


class Transport:
    """A connection that is made anew where an answer was lost."""

    def __init__(
        self, connect: Callable[[], Connection], connection: Connection
    ) -> None:
        self._connect = connect
        self.connection = connection

    def ask(self, statement: str, parameters: Parameters = ()) -> Any:
        """Return the only value of the only row, None where there is no row."""
        rows = self.rows(statement, parameters)
        return rows[0][0] if rows else None

    def rows(
        self, statement: str, parameters: Parameters = ()
    ) -> list[tuple[Any, ...]]:
        """Return all rows."""
        with self._translated_errors():
            return self.connection.execute(statement.encode(), parameters).fetchall()

    def change(
        self, statement: str, parameters: list[Any], inspect: Inspect | None = None
    ) -> Outcome:
        """Run a function that changes an environment, and return what it did."""
        answer, told = self.retried(statement, parameters, inspect)
        outcome = Outcome.from_json(_decoded(told))
        if answer != outcome.deployment_id:
            raise UndecodableAnswer(f"expected a deployment id, got {answer!r:.60}")
        return outcome

    def make(
        self,
        env: str,
        token: str,
        statement: str,
        parameters: list[Any],
        inspect: Inspect | None = None,
    ) -> Outcome:
        """Run a function that makes a deployment with a token, as change() does.

        Raises OutcomeUnknown only where not even the token tells.
        """
        try:
            return self.change(statement, parameters, inspect)
        except OutcomeUnknown:
            try:
                found = self._made_with(env, token)
            except StopgapError:
                found = None
                is_known = False
            else:
                is_known = True
            if not is_known:
                raise
        if found is None:
            raise ConnectionFailed(
                "the connection broke before COMMIT was done: nothing was changed",
                hint="try again",
            )
        return Outcome.of_lost_answer(found)

    def retried(
        self,
        statement: str,
        parameters: list[Any],
        inspect: Inspect | None = None,
    ) -> tuple[object, str | None]:
        """Run a function that changes live functions.

        A GRANT at the same moment makes the engine give up; nothing has changed then,
        and another attempt is in order.
        """
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._transact(statement, parameters, inspect)
            except DatabaseError as error:
                if error.sqlstate != _CONCURRENT_CHANGE:
                    raise
        return self._transact(statement, parameters, inspect)

    def _transact(
        self,
        statement: str,
        parameters: list[Any],
        inspect: Inspect | None,
    ) -> tuple[object, str | None]:
        """Run a statement in a transaction; return its answer, and its outcome.

        Tells a COMMIT that broke from an error.
        """
        is_committing = False
        try:
            with self._translated_errors(), self.connection.transaction():
                row = self.connection.execute(statement.encode(), parameters).fetchone()
                told = self.connection.execute(_OUTCOME).fetchone()
                if inspect is not None:
                    inspect(self.connection)
                is_committing = True
        except StopgapError as error:
            if is_committing and self.connection.closed:
                raise OutcomeUnknown(
                    f"the connection broke during COMMIT: {error}",
                    hint="look at `stopgap status` before trying again",
                ) from error
            raise
        return row[0] if row else None, told[0] if told else None

    def _made_with(self, env: str, token: str) -> int | None:
        """Return the deployment that was made with a token, over a new connection."""
        self.connection.close()
        self.connection = self._connect()
        found = self.ask("select stopgap.find_deployment(%s, %s)", [env, token])
        return None if found is None else int(found)

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            if self.connection.closed:
                raise ConnectionFailed(
                    f"the connection broke: {_one_line(error)}"
                ) from error
            if error.sqlstate in _MISSING and not self._has_extension():
                raise NotInitialized(
                    hint="as a superuser run: create extension stopgap cascade"
                ) from error
            raise refusal(error) from error

    def _has_extension(self) -> bool:
        found = self.connection.execute(
            "select 1 from pg_catalog.pg_extension where extname = 'stopgap'"
        )
        return found.fetchone() is not None


def open_connection(
    dsn: str, on_notice: Callable[[str], None] | None = None
) -> Connection:
    """Connect as a client does; `on_notice` gets what the server remarks."""
    try:
        connection = psycopg.connect(
            dsn, autocommit=True, fallback_application_name="stopgap"
        )
    except psycopg.OperationalError as error:
        raise ConnectionFailed(_one_line(error)) from error
    except psycopg.ProgrammingError as error:
        raise UsageError(f"this is no connection string: {_one_line(error)}") from error
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    if on_notice is not None:
        connection.add_notice_handler(
            lambda notice: on_notice(notice.message_primary or "")
        )
    return connection


def _decoded(text: str | None) -> object:
    try:
        return json.loads(text or "")
    except ValueError:
        raise UndecodableAnswer(f"expected an outcome, got {text!r:.60}") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
