"""Pointers: the JSON body of a live function, which names what it runs."""

from __future__ import annotations

import json

# The order that people read in live functions, and that body comparison relies on.
_KEYS = ("plts", "kind", "artifact_hash", "export", "mode", "import_map")
# What render_pointer() writes before and after the hash.
_BEFORE = '{"plts":1,"kind":"artifact_ptr","artifact_hash":"'
_AFTER = '","export":"default","mode":"stopgap_deployed"}'
# What becomes of it in jsonb: nearly every pointer of a deployment.
_STORED_BEFORE = (
    '{"kind": "artifact_ptr", "mode": "stopgap_deployed", "plts": 1,'
    ' "export": "default", "artifact_hash": "'
)
_STORED_AFTER = '"}'


def render_pointer(artifact_hash: str) -> str:
    """Return the pointer to an artifact's default export."""
    return f"{_BEFORE}{artifact_hash}{_AFTER}"


def stored_pointer(stored: str, artifact_hash: str) -> str:
    """Return the pointer of a function version, which runs this artifact."""
    if stored == f"{_STORED_BEFORE}{artifact_hash}{_STORED_AFTER}":
        return render_pointer(artifact_hash)
    return canonical_pointer(stored)


def canonical_pointer(stored: str) -> str:
    """Return a stored pointer as a live body: jsonb keeps no order of keys."""
    pointer = json.loads(stored)
    known = {key: pointer[key] for key in _KEYS if key in pointer}
    return json.dumps(
        known | {key: pointer[key] for key in sorted(pointer) if key not in known},
        separators=(",", ":"),
        ensure_ascii=False,
    )
