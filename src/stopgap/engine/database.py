"""The interface through which the engine reaches the database.

Two implementations: `plpy_database` in the server, and one over psycopg in the
tests, so that the engine runs under pytest and a debugger.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple, Protocol

Row = Mapping[str, Any]


class Severity(Enum):
    """How a message reaches the client; `LOG` goes to the server's log alone."""

    DEBUG = "debug"
    LOG = "log"
    NOTICE = "notice"
    WARNING = "warning"


class ErrorFields(NamedTuple):
    """The fields of a server's error that clients read."""

    message: str
    detail: str | None = None
    hint: str | None = None
    schema_name: str | None = None
    table_name: str | None = None
    column_name: str | None = None
    datatype_name: str | None = None
    constraint_name: str | None = None


class SqlError(Exception):
    """An error of the server, after which the transaction is as before the call."""

    def __init__(self, sqlstate: str, fields: ErrorFields) -> None:
        super().__init__(fields.message)
        self.sqlstate = sqlstate
        self.fields = fields


class Database(Protocol):
    """A transaction of the database, in the role stopgap_owner.

    Each call is one subtransaction: when it fails with `SqlError`, nothing of it
    remains and the transaction goes on.
    """

    def fetch(self, query: str, /, **arguments: object) -> list[Row]:
        """Run the query of that name in `queries/`, and return its rows."""
        ...

    def execute(self, statements: str, /) -> None:
        """Run statements whose results nobody asks for."""
        ...

    def say(self, severity: Severity, text: str, /) -> None:
        """Send a message to the client while the call goes on."""
        ...
