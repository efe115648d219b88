"""The statements of the pages on the language run, and return what the page says."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from tests.docs.session import ROOT

PAGES = sorted((ROOT / "docs" / "language").glob("values.md"))
_BLOCK = re.compile(r"^```sql\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A statement ends with the semicolon at the end of a line; bodies are in dollars.
_STATEMENT = re.compile(
    r"(?P<sql>(?:[^$;]|\$\$.*?\$\$|;(?!\n))+;)\n(?P<rows>(?:-- [^\n]*\n)*)", re.DOTALL
)


def statements(text: str) -> list[tuple[str, list[str]]]:
    """Return the statements of a block and the rows that follow each as comments."""
    return [
        (found["sql"].strip(), re.findall(r"-- (.*)", found["rows"]))
        for found in _STATEMENT.finditer(text)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_statements_return_what_the_page_says(
    connection: psycopg.Connection[Any], page: Any
) -> None:
    compared = 0
    for block in _BLOCK.findall(page.read_text()):
        for sql, rows in statements(block):
            if not rows:
                connection.execute(sql.encode())
                continue
            text = f"select row_.value::text from ({sql[:-1]}) row_ (value)"
            found = connection.execute(text.encode()).fetchall()
            assert [row[0] for row in found] == rows, sql
            compared += 1

    assert compared > 5
