"""Pointers: the JSON body of a live function, which names what it runs."""

from __future__ import annotations

import json
import re

# The order that people read in live functions, and that body comparison relies on.
_KEYS = ("plts", "kind", "artifact_hash", "export", "mode", "import_map")
# As jsonb writes what render_pointer() makes: nearly every pointer of a deployment, of
# which there can be thousands.
_STORED = re.compile(
    r'\{"kind": "artifact_ptr", "mode": "stopgap_deployed", "plts": 1,'
    r' "export": "default", "artifact_hash": "(?P<hash>sha256:[0-9a-f]{64})"\}'
)


# What render_pointer() writes before and after the hash.
_BEFORE = '{"plts":1,"kind":"artifact_ptr","artifact_hash":"'
_AFTER = '","export":"default","mode":"stopgap_deployed"}'


def render_pointer(artifact_hash: str) -> str:
    """Return the pointer to an artifact's default export."""
    return f"{_BEFORE}{artifact_hash}{_AFTER}"


def pointer_members(pointer: str, artifact_hash: str) -> dict[str, object]:
    """Return a live body as an object; it names this artifact."""
    if pointer != render_pointer(artifact_hash):
        parsed: dict[str, object] = json.loads(pointer)
        return parsed
    return {
        "plts": 1,
        "kind": "artifact_ptr",
        "artifact_hash": artifact_hash,
        "export": "default",
        "mode": "stopgap_deployed",
    }


def canonical_pointer(stored: str) -> str:
    """Return a stored pointer as a live body: jsonb keeps no order of keys."""
    usual = _STORED.fullmatch(stored)
    if usual is not None:
        return render_pointer(usual["hash"])
    pointer = json.loads(stored)
    known = {key: pointer[key] for key in _KEYS if key in pointer}
    return json.dumps(
        known | {key: pointer[key] for key in sorted(pointer) if key not in known},
        separators=(",", ":"),
        ensure_ascii=False,
    )
