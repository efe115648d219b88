"""Pointers: the JSON body of a live function, which names what it runs."""

from __future__ import annotations

import json

# The order that people read in live functions, and that body comparison relies on.
_KEYS = ("plts", "kind", "artifact_hash", "export", "mode", "import_map")


def render_pointer(artifact_hash: str) -> str:
    """Return the pointer to an artifact's default export."""
    return json.dumps(
        {
            "plts": 1,
            "kind": "artifact_ptr",
            "artifact_hash": artifact_hash,
            "export": "default",
            "mode": "stopgap_deployed",
        },
        separators=(",", ":"),
    )


def canonical_pointer(stored: str) -> str:
    """Return a stored pointer as a live body: jsonb keeps no order of keys."""
    pointer = json.loads(stored)
    known = {key: pointer[key] for key in _KEYS if key in pointer}
    return json.dumps(
        known | {key: pointer[key] for key in sorted(pointer) if key not in known},
        separators=(",", ":"),
        ensure_ascii=False,
    )
