"""Reads the SQL blocks of a page: statements, and what the page says they give.

After a statement `-- => text` is the value of its first column, and `-- error: 12345`
the SQLSTATE that it ends with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```sql\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_QUOTE = re.compile(r"\$\w*\$")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a page, and the outcome that is written after it."""

    text: str
    value: str | None = None
    sqlstate: str | None = None


def statements(page: Path) -> list[Statement]:
    """Return the statements of all SQL blocks of a page, in order."""
    found: list[Statement] = []
    for block in _BLOCK.finditer(page.read_text()):
        text = ""
        for line in block[1].splitlines(keepends=True):
            if not text and line.startswith("-- => "):
                value = line.removeprefix("-- => ").rstrip("\n")
                found[-1] = Statement(found[-1].text, value=value)
            elif not text and line.startswith("-- error: "):
                sqlstate = line.removeprefix("-- error: ").strip()
                found[-1] = Statement(found[-1].text, sqlstate=sqlstate)
            elif text or line.strip():
                text += line
                if line.rstrip().endswith(";") and not _is_quoted(text):
                    found.append(Statement(text))
                    text = ""
        assert not text, f"{page.name}: no end of the statement {text}"
    return found


def _is_quoted(text: str) -> bool:
    """Say whether the text ends inside a dollar quote."""
    opened: str | None = None
    for quote in _QUOTE.findall(text):
        if opened is None:
            opened = quote
        elif opened == quote:
            opened = None
    return opened is not None
