"""Canonical JSON: one text for one value, as RFC 8785 writes it.

Numbers other than integers are left out of it: what is hashed here has none, and their
text is all that is hard in the RFC.
"""

from __future__ import annotations

import hashlib
import json

# Beyond it JSON's numbers, which are doubles to many readers, are not exact.
_MAX_INTEGER = 2**53 - 1


def canonical(value: object) -> str:
    """Return the text of a JSON value; ValueError where it has none."""
    if isinstance(value, dict):
        # By UTF-16 code units, as the RFC sorts; big-endian bytes compare alike.
        keys = sorted(value, key=lambda key: str(key).encode("utf-16-be"))
        members = (f"{_text(key)}:{canonical(value[key])}" for key in keys)
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int) and abs(value) <= _MAX_INTEGER:
        return str(value)
    raise ValueError(f"{value!r:.40} has no canonical form here")


def digest(value: object) -> str:
    """Return the hash of a value's canonical text."""
    return "sha256:" + hashlib.sha256(canonical(value).encode()).hexdigest()


def _text(text: object) -> str:
    return json.dumps(text, ensure_ascii=False)
