"""The database as PL/Python sees it: the implementation that runs in the server."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .database import Database, ErrorFields, Row, Severity, SqlError
from .queries import load_query

# The module plpy exists only inside the server, made by it.
Plpy = Any

# What PL/Python writes before a message, once for each function of its that an error
# passed through: event triggers and the like can be in it too.
_PREFIX = re.compile(r"^((spiexceptions|plpy)\.\w+: )+")
# Prepared plans by query name. They belong to this backend, as this module does.
_PLANS: dict[str, Any] = {}


class PlpyDatabase(Database):
    """The transaction of the SQL function that is running."""

    def __init__(self, plpy: Plpy) -> None:
        self._plpy = plpy

    def fetch(self, query: str, /, **arguments: object) -> list[Row]:
        """Run a query by its plan, prepared once in this backend."""
        loaded = load_query(query)
        plan = _PLANS.get(query)
        if plan is None:
            plan = self._guarded(
                lambda: self._plpy.prepare(loaded.text, list(loaded.types))
            )
            _PLANS[query] = plan
        values = loaded.arguments(arguments)
        return list(self._guarded(lambda: self._plpy.execute(plan, values)))

    def execute(self, statements: str, /) -> None:
        """Run statements in one subtransaction."""
        self._guarded(lambda: self._plpy.execute(statements))

    def say(self, severity: Severity, text: str, /) -> None:
        """Send a message through the server's own reporting."""
        getattr(self._plpy, severity.value)(text)

    def _guarded(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except self._plpy.SPIError as error:
            raise sql_error(error) from error


def sql_error(error: Any) -> SqlError:
    """Return a plpy.SPIError as ours.

    Its `spidata` is not documented, and there is no other way to the detail and
    hint: PLy_spi_exception_set() of src/pl/plpython/plpy_spi.c, PostgreSQL 15.
    """
    data = tuple(getattr(error, "spidata", None) or ()) + (None,) * 10
    _, detail, hint, _, _, schema, table, column, datatype, constraint = data[:10]
    return SqlError(
        error.sqlstate,
        ErrorFields(
            message=_PREFIX.sub("", str(error)),
            detail=detail,
            hint=hint,
            schema_name=schema,
            table_name=table,
            column_name=column,
            datatype_name=datatype,
            constraint_name=constraint,
        ),
    )
