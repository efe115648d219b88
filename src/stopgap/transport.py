"""The connection of a client: statements, transactions, and what a broken one leaves.

A change is one transaction. When the connection breaks during its COMMIT, whether it
was done is asked over a new connection: a deployment is found by the token that was
sent along, an activation by its entry in the log.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from time import monotonic, sleep
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

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
# What PostgreSQL says where there is no schema stopgap, or not this object in it.
_MISSING = ("3F000", "42883", "42P01")
_ATTEMPTS = 3
# How long a change whose answer was lost is asked about, unless told otherwise.
FAILOVER_SECONDS = 30.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_LEAST_WAIT = 0.1
_AFTER_LOSS: dict[str, Any] = {
    "target_session_attrs": "primary",
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
}
_OUTCOME = "select pg_catalog.current_setting('stopgap.outcome', true)"
_IS_LOGGED = """
select true from stopgap.activation_audit
where activation_id = %(id)s and env = %(env)s and to_deployment_id = %(to_id)s
"""
_NO_UNICODE = "{!a} is not of the terminal's encoding, and no text to a database"
# Finds nothing.
_NO_TOKEN = "none"

Parameters = Sequence[object] | Mapping[str, object]
Connection = psycopg.Connection[tuple[Any, ...]]
# Looks at what a change did, and at its answer, before it is committed; an exception
# undoes it.
Inspect = Callable[[Connection, object], None]


class _AnswerLost(Exception):
    """A COMMIT was sent, and the connection broke before its answer came."""

    def __init__(self, answer: object, told: str | None, reason: str) -> None:
        super().__init__(reason)
        # What the transaction had answered before.
        self.answer = answer
        self.told = told
        self.reason = reason


class Transport:
    """A connection that is made anew where an answer was lost."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        connection: Connection,
        *,
        failover_seconds: float = FAILOVER_SECONDS,
    ) -> None:
        self._connect = connect
        self._failover_seconds = failover_seconds
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
        self,
        env: str,
        statement: str,
        parameters: list[Any],
        *,
        token: str | None = None,
        inspect: Inspect | None = None,
    ) -> tuple[object, Outcome]:
        """Run a function that changes an environment; return its answer and outcome.

        One that makes a deployment is given a token. Raises OutcomeUnknown only where
        nobody can be asked whether a COMMIT was done.
        """
        try:
            answer, told = self._retried(statement, parameters, inspect)
        except _AnswerLost as lost:
            answer, told = lost.answer, lost.told
            outcome = _outcome(told)
            try:
                is_done = self._asked_in_time(env, token, outcome)
            except StopgapError:
                raise OutcomeUnknown(
                    f"the connection broke during COMMIT: {lost.reason}",
                    hint="look before you try again: `stopgap audit` and"
                    " `stopgap status` show whether it was done",
                ) from lost
            if not is_done:
                raise ConnectionFailed(
                    "the connection broke before COMMIT was done: nothing was changed",
                    hint="try again",
                ) from lost
            return answer, outcome
        return answer, _outcome(told)

    def transact(self, statement: str, parameters: list[Any]) -> object:
        """Run a function in a transaction, for the engine's demand of READ COMMITTED.

        It must be one that can be run again where its answer was lost.
        """
        try:
            answer, _ = self._transact(statement, parameters, None)
        except _AnswerLost as lost:
            raise OutcomeUnknown(
                f"the connection broke during COMMIT: {lost.reason}",
                hint="run it again: it does what is left to do, if anything",
            ) from lost
        return answer

    def inspect(self, look: Inspect) -> None:
        """Look at the database in a transaction that is rolled back."""
        with (
            self._translated_errors(),
            self.connection.transaction(force_rollback=True),
        ):
            look(self.connection, None)

    def _retried(
        self, statement: str, parameters: list[Any], inspect: Inspect | None
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
        answer: object = None
        told: str | None = None
        is_committing = False
        try:
            with self._translated_errors(), self.connection.transaction():
                row = self.connection.execute(statement.encode(), parameters).fetchone()
                answer = row[0] if row else None
                row = self.connection.execute(_OUTCOME).fetchone()
                told = row[0] if row else None
                if inspect is not None:
                    inspect(self.connection, answer)
                is_committing = True
        except StopgapError as error:
            if is_committing and self.connection.closed:
                raise _AnswerLost(answer, told, error.message) from error
            if isinstance(error, ConnectionFailed):
                error.hint = "nothing was changed: try again"
            raise
        return answer, told

    def _asked_in_time(self, env: str, token: str | None, outcome: Outcome) -> bool:
        """Ask whether a change was committed, for as long as a failover takes.

        Until another server is the primary there is nobody who knows: a standby may be
        behind.
        """
        deadline = monotonic() + self._failover_seconds
        pause = _FIRST_PAUSE
        while True:
            left = deadline - monotonic()
            try:
                return self._is_done(env, token, outcome, max(left, _LEAST_WAIT))
            except StopgapError:
                if left <= 0:
                    raise
            sleep(min(pause, max(deadline - monotonic(), 0)))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _is_done(
        self, env: str, token: str | None, outcome: Outcome, seconds: float
    ) -> bool:
        """Ask over a new connection whether a change was committed.

        The transaction that was cut off may still be about to commit: find_deployment
        waits for its lock, that many seconds.
        """
        self.connection.close()
        self.connection = self._connect()
        with self._translated_errors():
            self.connection.execute(f"set lock_timeout = {int(seconds * 1000)}")
        found = self.transact(
            "select stopgap.find_deployment(%s, %s)", [env, token or _NO_TOKEN]
        )
        with self._translated_errors():
            self.connection.execute("reset lock_timeout")
        if token is not None:
            return found is not None
        if outcome.activation_id is None:
            # There was nothing to do, and so nothing to commit.
            return True
        return bool(
            self.ask(
                _IS_LOGGED,
                {
                    "id": outcome.activation_id,
                    "env": env,
                    "to_id": outcome.deployment_id,
                },
            )
        )

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except UnicodeEncodeError as error:
            near = error.object[max(error.start - 20, 0) : error.end + 20]
            raise UsageError(_NO_UNICODE.format(near)) from error
        except psycopg.Error as error:
            if self.connection.closed:
                reason = error.diag.message_primary or _one_line(error)
                raise ConnectionFailed(f"the connection broke: {reason}") from error
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


def jsonb(value: object) -> Jsonb:
    """Return a parameter of type jsonb, whose text is refused if it is no Unicode."""
    return Jsonb(value, dumps=partial(json.dumps, ensure_ascii=False))


def open_connection(
    dsn: str,
    on_notice: Callable[[str], None] | None = None,
    *,
    after_loss: bool = False,
) -> Connection:
    """Connect as a client does; `on_notice` gets what the server remarks.

    After a connection was lost only a primary will do, whichever host that is now, and
    one that does not answer must not keep the others waiting.
    """
    try:
        more = _AFTER_LOSS if after_loss else {}
        connection = psycopg.connect(
            dsn, autocommit=True, fallback_application_name="stopgap", **more
        )
    except psycopg.OperationalError as error:
        raise ConnectionFailed(_one_line(error)) from error
    except UnicodeEncodeError as error:
        raise UsageError(_NO_UNICODE.format(dsn)) from error
    except psycopg.ProgrammingError as error:
        raise UsageError(f"this is no connection string: {_one_line(error)}") from error
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    if on_notice is not None:
        connection.add_notice_handler(
            lambda notice: on_notice(notice.message_primary or "")
        )
    return connection


def _outcome(told: str | None) -> Outcome:
    try:
        return Outcome.from_json(json.loads(told or ""))
    except ValueError:
        raise UndecodableAnswer(f"expected an outcome, got {told!r:.60}") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
