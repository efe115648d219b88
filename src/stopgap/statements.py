"""Splits SQL into statements, as psql does: at semicolons that are not quoted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# What a semicolon can hide in; a block comment is followed to its end by hand, since
# comments nest.
_TOKEN = re.compile(
    r"""
    (?P<line_comment>--[^\n]*)
    | (?P<block>/\*)
    | (?P<escaped>\b[eE]'(?:[^'\\]|''|\\.)*(?:'|\Z))
    | (?P<literal>'(?:[^']|'')*(?:'|\Z))
    | (?P<identifier>"(?:[^"]|"")*(?:"|\Z))
    | (?P<dollar>(?<![\w$])\$(?P<tag>[^\W\d]\w*)?\$)
    | (?P<end>;)
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, without comments before it, and the line it begins in."""

    text: str
    line: int


def split_statements(text: str) -> list[Statement]:
    """Return the statements of a text; what is not closed reaches to its end."""
    found: list[Statement] = []
    start = 0
    for end in [*_ends(text), len(text)]:
        begin = _skip_blank(text, start, end)
        statement = text[begin:end].strip()
        if statement:
            found.append(Statement(statement, text.count("\n", 0, begin) + 1))
        start = end + 1
    return found


def _ends(text: str) -> Iterator[int]:
    position = 0
    while match := _TOKEN.search(text, position):
        position = match.end()
        if match["end"]:
            yield match.start()
        elif match["block"]:
            position = _block_end(text, match.end())
        elif match["dollar"]:
            closing = text.find(match["dollar"], match.end())
            position = len(text) if closing < 0 else closing + len(match["dollar"])


def _block_end(text: str, position: int) -> int:
    depth = 1
    while depth and (edge := _BLOCK_EDGE.search(text, position)):
        depth += 1 if edge.group() == "/*" else -1
        position = edge.end()
    return len(text) if depth else position


def _skip_blank(text: str, start: int, end: int) -> int:
    """Return where the first word after white space and comments is."""
    position = start
    while position < end:
        if text[position].isspace():
            position += 1
        elif text.startswith("--", position):
            newline = text.find("\n", position)
            position = end if newline < 0 else newline + 1
        elif text.startswith("/*", position):
            position = _block_end(text, position + 2)
        else:
            return position
    return end
