"""JSON in parts: an answer some of whose members are written already.

Thousands of functions are written as text one by one, which costs a fraction of making
a dictionary of each for the encoder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from json.encoder import encode_basestring

# A string, in quotes.
quote = encode_basestring
_encode = json.JSONEncoder(ensure_ascii=False).encode


class JsonText(str):
    """The text of a JSON value, which goes into a larger one as it is."""

    __slots__ = ()


def to_json(value: object) -> str:
    """Return the text of a value, wherever in it there are texts."""
    if isinstance(value, str):
        return value if isinstance(value, JsonText) else quote(value)
    if isinstance(value, dict):
        members = (f"{quote(key)}:{to_json(member)}" for key, member in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return json_array(map(to_json, value))
    return _encode(value)


def json_array(texts: Iterable[str]) -> JsonText:
    """Return an array of values that are texts already."""
    return JsonText("[" + ",".join(texts) + "]")
