"""Running DDL: what fails in it is told with whose doing it was.

Event triggers run inside of the engine's DDL, as stopgap_owner. What they raise looks
like an error of the engine, unless they are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from .database import Database, SqlError
from .errors import EngineError
from .names import quote_literal

# What only waiting, memory or an operator can raise: to run it again would repeat that.
_NOT_RUN_AGAIN = ("40", "53", "55", "57")
_TAGS = ("CREATE FUNCTION", "DROP FUNCTION", "COMMENT", "GRANT", "REVOKE")
_SCHEMA_TAGS = ("CREATE SCHEMA", "GRANT", "REVOKE")


def run_ddl(database: Database, statements: Sequence[str]) -> None:
    """Run statements as one batch, which does all of them or none.

    Where an event trigger made it fail, the error names that.
    """
    batch = ";".join(statements)
    try:
        database.execute(batch)
    except SqlError as error:
        named = _name_event_trigger(database, statements, batch, error)
        if named is None:
            raise
        raise named from error


def event_triggers(database: Database, statements: Iterable[str]) -> list[str]:
    """Return the event triggers that statements of the engine's DDL fire."""
    return [str(row["name"]) for row in _fired(database, statements)]


def _fired(database: Database, statements: Iterable[str]) -> list[dict[str, object]]:
    tags = _tags(statements)
    if not tags:
        return []
    return [dict(row) for row in database.fetch("event_triggers", tags=tags)]


def _tags(statements: Iterable[str]) -> list[str]:
    """Return the tags of statements, which all begin with the words of theirs."""
    tags = {
        tag
        for statement in statements
        for tag in (*_TAGS, *_SCHEMA_TAGS)
        if statement.replace(" or replace", "", 1).upper().startswith(tag)
    }
    return sorted(tags)


def _name_event_trigger(
    database: Database, statements: Sequence[str], batch: str, error: SqlError
) -> SqlError | None:
    if error.sqlstate.startswith(_NOT_RUN_AGAIN):
        return None
    triggers = _fired(database, statements)
    if not triggers:
        return None
    context = _context(database, batch)
    names = [
        str(trigger["name"])
        for trigger in triggers
        if any(_mentions(context, str(each)) for each in _list(trigger["mentions"]))
    ]
    if not names:
        return None
    listed = " or ".join(f'"{name}"' for name in names)
    return SqlError(
        error.sqlstate,
        error.fields._replace(
            message=f"event trigger {listed} failed: {error.fields.message}",
            hint=error.fields.hint
            or "It runs as stopgap_owner when the engine makes or drops live functions:"
            " give that role what it needs, or let it pass the live schemas over.",
        ),
    )


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _mentions(context: str, mention: str) -> bool:
    return f"function {mention}" in context


def _context(database: Database, batch: str) -> str:
    """Return the context of the error that a batch ends with.

    PL/Python does not tell it; PL/pgSQL does. The batch is run once more for that, and
    undone whatever comes of it.
    """
    block = (
        "declare found text; begin begin"
        f" execute {quote_literal(batch)};"
        " raise exception 'this time it went through';"
        " exception when others then"
        " get stacked diagnostics found = pg_exception_context; end;"
        " perform pg_catalog.set_config('stopgap.failure_context', found, true); end"
    )
    # A server without PL/pgSQL, or a cancel: the error that there is remains.
    with suppress(SqlError, EngineError):
        database.execute(f"do language plpgsql {quote_literal(block)}")
        return str(database.fetch("failure_context")[0]["context"] or "")
    return ""
