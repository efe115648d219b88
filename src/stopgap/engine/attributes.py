"""What a live function takes over from its source, besides its code."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from .names import quote_literal, quote_parameter

VOLATILITY = {"i": "immutable", "s": "stable", "v": "volatile"}
PARALLEL = {"s": "safe", "r": "restricted", "u": "unsafe"}

# The parameters marked GUC_LIST_QUOTE in src/backend/utils/misc/guc.c: a SET clause
# keeps their value as a list of quoted names, and must be written as one again.
_LIST_PARAMETERS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)


class Attributes(NamedTuple):
    """The attributes that are compared, versioned and rolled back."""

    volatility: str = "volatile"
    strict: bool = False
    parallel: str = "unsafe"
    cost: float = 100.0
    # As pg_proc.proconfig has them: 'name=value'.
    settings: tuple[str, ...] = ()
    comment: str | None = None

    def to_json(self) -> str:
        """Return what `fn_version.attributes` keeps."""
        return json.dumps(
            {
                "volatility": self.volatility,
                "strict": self.strict,
                "parallel": self.parallel,
                "cost": self.cost,
                "set": list(self.settings),
                "comment": self.comment,
            },
            ensure_ascii=False,
        )

    def with_comment(self, comment: str | None) -> Attributes:
        """Return what a function has that is alike but for its comment."""
        return self if comment is None else self._replace(comment=comment)

    def parameters(self) -> tuple[str, ...]:
        """Return the names of the parameters that the SET clauses set."""
        return tuple(setting.partition("=")[0] for setting in self.settings)


# Thousands of functions share a few sets of attributes.
@lru_cache(maxsize=256)
def attributes_from_json(text: str) -> Attributes:
    """Return the attributes that `fn_version.attributes` keeps."""
    stored = json.loads(text)
    return Attributes(
        volatility=stored["volatility"],
        strict=stored["strict"],
        parallel=stored["parallel"],
        cost=float(stored["cost"]),
        settings=tuple(stored["set"]),
        comment=stored["comment"],
    )


def attributes_from_catalog(row: Mapping[str, Any]) -> Attributes:
    """Return what functions that are alike in pg_proc have; their comments differ."""
    return Attributes(
        volatility=VOLATILITY[row["volatility"]],
        strict=row["strict"],
        parallel=PARALLEL[row["parallel"]],
        cost=_shortest_float4(row["cost"]),
        settings=tuple(row["settings"] or ()),
    )


def changed_attributes(old: Attributes, new: Attributes) -> list[str]:
    """Return the names of the attributes that differ, as JSON names them."""
    if old == new:
        return []
    names = [
        name for name in Attributes._fields if getattr(old, name) != getattr(new, name)
    ]
    return ["set" if name == "settings" else name for name in names]


def render_attributes(attributes: Attributes) -> str:
    """Return the clauses of CREATE FUNCTION for all but the comment."""
    clauses = [
        attributes.volatility,
        "strict" if attributes.strict else "called on null input",
        f"parallel {attributes.parallel}",
        f"cost {attributes.cost:.9g}",
        *(_render_setting(setting) for setting in attributes.settings),
    ]
    return " ".join(clauses)


def _render_setting(setting: str) -> str:
    name, _, value = setting.partition("=")
    if name in _LIST_PARAMETERS:
        rendered = ", ".join(quote_literal(item) for item in split_name_list(value))
    else:
        rendered = quote_literal(value)
    return f"set {quote_parameter(name)} to {rendered or quote_literal('')}"


def split_name_list(value: str) -> list[str]:
    """Split a list of names, quoted or not, as SplitGUCList() of varlena.c does."""
    items: list[str] = []
    position = 0
    while position < len(value):
        if value[position] in ", ":
            position += 1
        elif value[position] == '"':
            item, position = _quoted_name(value, position + 1)
            items.append(item)
        else:
            end = value.find(",", position)
            end = len(value) if end < 0 else end
            items.append(value[position:end].strip())
            position = end
    return items


def _quoted_name(value: str, start: int) -> tuple[str, int]:
    """Return the name whose opening quote ends at start, and where it is over."""
    characters: list[str] = []
    position = start
    while position < len(value):
        if value[position] != '"':
            characters.append(value[position])
        elif value[position + 1 : position + 2] == '"':
            characters.append('"')
            position += 1
        else:
            return "".join(characters), position + 1
        position += 1
    return "".join(characters), position


def _shortest_float4(value: float) -> float:
    """Return the shortest decimal that is the same float4.

    pg_proc.procost is a float4; as a Python float 0.1 would read 0.10000000149.
    """
    packed = struct.pack("f", value)
    for digits in range(6, 10):
        short = float(f"{value:.{digits}g}")
        if struct.pack("f", short) == packed:
            return short
    return value
