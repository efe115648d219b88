"""The languages that take part, and how a function is written down in each."""

from __future__ import annotations

from typing import Any

import psycopg

# Each with the extension that brings it; the last two need to be installed first.
LANGUAGES = {
    "plts": "plts",
    "plpgsql": "plpgsql",
    "plpython": "plpython3u",
    "plv8": "plv8",
    "pljs": "pljs",
}
# The names that CREATE FUNCTION knows them by.
_SQL_NAMES = {"plpython": "plpython3u"}
TITLES = {
    "plts": "stopgap",
    "plpgsql": "PL/pgSQL",
    "plpython": "PL/Python",
    "plv8": "plv8",
    "pljs": "pljs",
}
# Their V8 and ours cannot live in one process: they run where plts is not preloaded.
UNPRELOADED = frozenset({"plv8", "pljs"})


def available(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the languages whose extension the server has."""
    rows = connection.execute("select name from pg_catalog.pg_available_extensions")
    names = {name for (name,) in rows}
    return [language for language, extension in LANGUAGES.items() if extension in names]


def create_function(
    language: str, name: str, signature: str, body: str, *, strict: bool = True
) -> str:
    """Return the statement that creates a function, STRICT but for triggers."""
    return (
        f"create or replace function {name}{signature}{' strict' if strict else ''}"
        f" language {_SQL_NAMES.get(language, language)} as $bench${body}$bench$"
    )
