"""JSON in parts: an answer some of whose members are written already.

Thousands of functions are written as text one by one, which costs a fraction of making
a dictionary of each for the encoder.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring

# A string, in quotes.
quote = encode_basestring
_encode = json.JSONEncoder(ensure_ascii=False).encode


class JsonText(str):
    """The text of a JSON value, which goes into a larger one as it is."""

    __slots__ = ()


def to_json(value: object) -> str:
    """Return the text of a value, wherever in it there are texts."""
    parts: list[str] = []
    _write(value, parts.append)
    # Once: megabytes that are copied at each level cost as much as making them.
    return "".join(parts)


def _write(value: object, write: Callable[[str], None]) -> None:
    if isinstance(value, str):
        write(value if isinstance(value, JsonText) else quote(value))
    elif isinstance(value, dict):
        separator = "{"
        for key, member in value.items():
            write(f"{separator}{quote(key)}:")
            _write(member, write)
            separator = ","
        write("}" if value else "{}")
    elif isinstance(value, list):
        separator = "["
        for member in value:
            write(separator)
            _write(member, write)
            separator = ","
        write("]" if value else "[]")
    else:
        write(_encode(value))
