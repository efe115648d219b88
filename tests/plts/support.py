"""What the tests of the language say often: define a function, run it, be refused."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg
import pytest
from psycopg.errors import Diagnostic

Connection = psycopg.Connection[tuple[object, ...]]
# Opens one more session beside that of the test; see the fixture `open_session`.
OpenSession = Callable[[], Connection]

_numbers = itertools.count(1)


def define(connection: Connection, head: str, body: str, schema: str = "") -> None:
    """Create or replace a function: `head` is its name, parameters and attributes."""
    name = f"{schema}.{head}" if schema else head
    text = f"create or replace function {name} language plts as $plts${body}$plts$"
    connection.execute(text.encode())


def fetch(
    connection: Connection, statement: str, parameters: Sequence[object] | None = None
) -> Any:
    """Run a statement and return the one value of its one row."""
    row = connection.execute(statement.encode(), parameters).fetchone()
    assert row is not None
    return row[0]


def force_parallel(connection: Connection) -> None:
    """Let a worker run whatever may run in one; the setting's name has changed."""
    is_old = connection.info.server_version < 160000
    name = "force_parallel_mode" if is_old else "debug_parallel_query"
    connection.execute(f"set {name} = on".encode())


def evaluate(connection: Connection, returns: str, body: str) -> Any:
    """Run a body as a function without parameters and return what it returns."""
    name = f"evaluated_{next(_numbers)}"
    define(connection, f"{name}() returns {returns}", body)
    return fetch(connection, f"select {name}()")


class Refusal:
    """The error that a statement ended with; filled in when the block is left."""

    error: psycopg.Error

    @property
    def diagnostic(self) -> Diagnostic:
        """The structured fields of the error."""
        return self.error.diag

    @property
    def sqlstate(self) -> str:
        """The SQLSTATE, empty where the connection was lost."""
        return self.error.sqlstate or ""

    @property
    def message(self) -> str:
        """The primary message."""
        return self.diagnostic.message_primary or ""

    @property
    def detail(self) -> str:
        """The DETAIL, or nothing."""
        return self.diagnostic.message_detail or ""

    @property
    def hint(self) -> str:
        """The HINT, or nothing."""
        return self.diagnostic.message_hint or ""

    @property
    def context(self) -> str:
        """The CONTEXT, or nothing."""
        return self.diagnostic.context or ""


@contextmanager
def refused(sqlstate: str, saying: str = "") -> Iterator[Refusal]:
    """Expect the block to be ended by an error of the server with this SQLSTATE.

    Its primary message is expected to have the text `saying` in it.
    """
    refusal = Refusal()
    with pytest.raises(psycopg.Error) as raised:
        yield refusal
    refusal.error = raised.value
    assert refusal.sqlstate == sqlstate, f"{refusal.sqlstate}: {refusal.error}"
    assert saying in refusal.message


@contextmanager
def notices(connection: Connection) -> Iterator[list[str]]:
    """Collect the messages that the server sends while the block runs."""
    messages: list[str] = []

    def keep(notice: Diagnostic) -> None:
        messages.append(notice.message_primary or "")

    connection.add_notice_handler(keep)
    try:
        yield messages
    finally:
        connection.remove_notice_handler(keep)


def metrics(connection: Connection) -> dict[str, Any]:
    """Return the counters of the connection's backend."""
    return cast(dict[str, Any], fetch(connection, "select plts.metrics()"))
