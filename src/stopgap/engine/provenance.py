"""Provenance: where the sources of a deployment come from, as its author says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from .errors import InvalidProvenance
from .options import JsonObject, Options

# What is known of each key; others may stand beside them, with texts.
_BOOLEANS = frozenset({"git_dirty"})
# What the engine itself records there.
_RESERVED = frozenset({"token", "promoted_from", "bundle"})
_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MAX_BYTES = 16_384
_MAX_TOKEN = 200


class Origin(NamedTuple):
    """What a caller says of a new deployment besides what is in it."""

    provenance: Mapping[str, object] = {}
    # Chosen by the caller: by it the deployment is found when an answer was lost.
    token: str | None = None

    def to_json(self, **recorded: object) -> str:
        """Return what `deployment.provenance` keeps; `recorded` is the engine's."""
        token = {} if self.token is None else {"token": self.token}
        return json.dumps({**self.provenance, **token, **recorded}, ensure_ascii=False)


def without_record(provenance: JsonObject) -> JsonObject:
    """Return what a deployment's author said, without what the engine recorded."""
    return {key: value for key, value in provenance.items() if key not in _RESERVED}


def inherit(origin: Origin, provenance: JsonObject) -> Origin:
    """Return the origin of a deployment that is made from another one.

    The sources are those of the other one, and so is what was said of them, unless it
    is said anew.
    """
    said = {**without_record(provenance), **origin.provenance}
    return Origin(check_provenance(said), origin.token)


def read_origin(options: Options) -> Origin:
    """Return what the options say of the origin, or refuse it."""
    token = options.text("token")
    return Origin(
        provenance=check_provenance(options.object("provenance") or {}),
        token=None if token is None else check_token(token),
    )


def check_token(token: str | None) -> str:
    """Return a token, or refuse one that finds nothing."""
    if token is None or not 0 < len(token) <= _MAX_TOKEN or not token.isprintable():
        raise InvalidProvenance(
            f"a token is a text of 1 to {_MAX_TOKEN} printable characters",
            hint="A random UUID does.",
        )
    return token


def check_provenance(given: JsonObject) -> JsonObject:
    """Return what was given, or refuse what nobody could read again."""
    for key, value in given.items():
        if not _KEY.fullmatch(key):
            raise InvalidProvenance(
                f"provenance has the key {json.dumps(key, ensure_ascii=False):.100}",
                hint="Keys are lower case letters, digits and underscores.",
            )
        if key in _RESERVED:
            raise InvalidProvenance(
                f'"{key}" in the provenance is the engine\'s to set',
                hint="Leave it out.",
            )
        wanted = "true or false" if key in _BOOLEANS else "a string"
        if not isinstance(value, bool if key in _BOOLEANS else str):
            raise InvalidProvenance(
                f'"{key}" in the provenance must be {wanted}',
                detail=f"It is {json.dumps(value, ensure_ascii=False):.100}.",
            )
    size = len(json.dumps(given, ensure_ascii=False).encode())
    if size > _MAX_BYTES:
        raise InvalidProvenance(
            f"the provenance has {size} bytes, more than {_MAX_BYTES}",
            hint="Shorten it, the message first.",
        )
    return given
