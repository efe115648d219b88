"""Failures: what is kept of a deploy that did not come to be."""

from __future__ import annotations

import json

from .errors import InvalidFailure
from .manifest import DeploymentName

_MAX_BYTES = 262_144


def check_failure(error: str | None) -> dict[str, object]:
    """Return the error that is to be recorded, or refuse it."""
    told = json.loads(error) if error is not None else None
    if not isinstance(told, dict) or not isinstance(told.get("message"), str):
        raise InvalidFailure(
            'error must be a JSON object with a "message"',
            hint='For example: \'{"message": "…", "sqlstate": "SG108"}\'.',
        )
    diagnostics = told.get("diagnostics", [])
    if not isinstance(diagnostics, list):
        raise InvalidFailure('"diagnostics" of the error must be a JSON array')
    size = len(json.dumps(told, ensure_ascii=False).encode())
    if size > _MAX_BYTES:
        raise InvalidFailure(
            f"the error has {size} bytes, more than {_MAX_BYTES}",
            hint="Leave some of its diagnostics out.",
        )
    return told


def failed_manifest(name: DeploymentName, error: dict[str, object]) -> str:
    """Return the manifest of a deployment that failed."""
    return json.dumps(
        {
            "env": name.env,
            "source_schema": name.source_schema,
            "live_schema": name.live_schema,
            "label": name.label,
            "error": error,
        },
        ensure_ascii=False,
    )
