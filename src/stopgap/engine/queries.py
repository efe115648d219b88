"""The queries of `queries/*.sql`, one a file, with named and typed parameters.

A file begins with comments: what it answers, then, where it takes any, lines like
`-- parameters: env text, ids bigint[]`. In the statement `:env` stands for one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

_FOLDER = os.path.join(os.path.dirname(__file__), "queries")
_HEADER = re.compile(r"^-- parameters: (.+)$", re.MULTILINE)
# Not the second colon of a cast.
_PLACEHOLDER = re.compile(r"(?<!:):([a-z_]+)\b")


class Query(NamedTuple):
    """A statement with $1, $2, … and what they stand for, in that order."""

    name: str
    text: str
    names: tuple[str, ...]
    types: tuple[str, ...]

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """Return the values in the order of the parameters."""
        if values.keys() != set(self.names):
            raise TypeError(f"query {self.name} takes {self.names}, not {set(values)}")
        return [values[name] for name in self.names]


@cache
def load_query(name: str) -> Query:
    """Return the query of a name."""
    with open(os.path.join(_FOLDER, f"{name}.sql"), encoding="utf-8") as file:
        return parse_query(name, file.read())


def query_names() -> list[str]:
    """Return the names of all queries."""
    return sorted(name.removesuffix(".sql") for name in os.listdir(_FOLDER))


def parse_query(name: str, text: str) -> Query:
    """Return the query that a file's text says."""
    declared = [
        declaration.split(maxsplit=1)
        for line in _HEADER.findall(text)
        for declaration in line.split(", ")
    ]
    names = tuple(parameter for parameter, _ in declared)
    statement = "\n".join(
        line for line in text.splitlines() if not line.lstrip().startswith("--")
    )
    numbered = _PLACEHOLDER.sub(
        lambda match: f"${names.index(match.group(1)) + 1}", statement
    )
    return Query(
        name=name,
        text=numbered.strip().removesuffix(";"),
        names=names,
        types=tuple(parameter_type for _, parameter_type in declared),
    )
