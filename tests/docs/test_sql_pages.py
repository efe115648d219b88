"""The SQL of the pages about the language does what the pages say."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.docs.session import ROOT
from tests.docs.sql_blocks import statements

PAGES = sorted(
    [
        *ROOT.glob("docs/language/*.md"),
        *ROOT.glob("docs/guides/from-*.md"),
        ROOT / "docs" / "guides" / "migrations.md",
    ],
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_sql_of_a_page_does_what_it_says(
    connection: psycopg.Connection[tuple[object, ...]], page: Path
) -> None:
    made: set[str] = set()
    for statement in statements(page):
        if statement.sqlstate is not None:
            with pytest.raises(psycopg.Error) as raised:
                connection.execute(statement.text.encode())
            assert raised.value.sqlstate == statement.sqlstate, statement.text
            continue
        cursor = connection.execute(statement.text.encode())
        if statement.text.startswith("create role "):
            made.add(statement.text.split()[2].rstrip(";"))
        if statement.value is not None:
            row = cursor.fetchone()
            assert row is not None, statement.text
            assert as_text(row[0]) == statement.value, statement.text
    for role in made:
        connection.execute(f"drop owned by {role}; drop role {role}".encode())


def as_text(value: object) -> str:
    """Return a value as psql shows it."""
    if isinstance(value, bool):
        return "t" if value else "f"
    return "" if value is None else str(value)
