"""The manifest: what a deployment is, for people and machines to read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .json_text import JsonText, quote
from .plan import Materialization
from .source import Skipped
from .version import FunctionVersion, VersionRef

# An entry of the function list has some 500 bytes of jsonb, and one value of jsonb
# ends at 256 MB.
MAX_RENDERED_FUNCTIONS = 200_000


class DeploymentName(NamedTuple):
    """Where a deployment comes from, where it goes, and what people call it."""

    env: str
    source_schema: str
    live_schema: str
    label: str | None


def seal_manifest(
    name: DeploymentName,
    skipped: Iterable[Skipped],
    materialization: Materialization,
    *,
    prune: bool,
) -> str:
    """Return what `deployment.manifest` keeps: all but the function list.

    That one is rendered from the function versions, which are the truth.
    """
    return json.dumps(
        {
            "env": name.env,
            "source_schema": name.source_schema,
            "live_schema": name.live_schema,
            "label": name.label,
            "skipped": [
                {"fn_name": each.fn_name, "reason": each.reason} for each in skipped
            ],
            "retained": render_refs(materialization.retained),
            "prune": {
                "enabled": prune,
                "dropped": [each.name for each in materialization.drop],
                "skipped_with_dependents": [
                    each.ref.fn_name for each in materialization.kept
                ],
            },
        },
        ensure_ascii=False,
    )


def render_outcome(materialization: Materialization) -> str:
    """Return what `activation_log.outcome` keeps of an activation."""
    return json.dumps(
        {
            "created": len(materialization.create),
            "replaced": len(materialization.replace),
            "retained": render_refs(materialization.retained),
            "dropped": [each.name for each in materialization.drop],
            "kept": [
                {"fn_name": each.ref.fn_name, "dependents": list(each.dependents)}
                for each in materialization.kept
            ],
            "hand_edits": [each.to_json() for each in materialization.hand_edits],
        },
        ensure_ascii=False,
    )


def render_refs(refs: Sequence[VersionRef]) -> list[dict[str, object]]:
    """Return references to function versions as JSON has them."""
    return [
        {"fn_name": ref.fn_name, "deployment_id": ref.deployment_id} for ref in refs
    ]


def refs_from_outcome(outcome: str | None) -> tuple[VersionRef, ...]:
    """Return what an activation retained; nothing where there was none."""
    stored = json.loads(outcome) if outcome else {}
    return tuple(
        VersionRef(each["fn_name"], each["deployment_id"])
        for each in stored.get("retained", ())
    )


def render_function(
    version: FunctionVersion, *, source_schema: str, live_schema: str
) -> JsonText:
    """Return one entry of the manifest's function list."""
    return JsonText(
        f'{{"fn_name":{quote(version.fn_name)}'
        f',"source_schema":{quote(source_schema)}'
        f',"live_schema":{quote(live_schema)}'
        f',"kind":{quote(version.kind)}'
        f',"artifact_hash":{quote(version.artifact_hash)}'
        f',"pointer":{version.pointer}}}'
    )


def with_functions(
    manifest: Mapping[str, Any] | None, functions: Sequence[JsonText]
) -> dict[str, object]:
    """Return a stored manifest with its function list."""
    return {**(manifest or {}), "functions": list(functions)}


def with_function_count(
    manifest: Mapping[str, Any] | None, count: int
) -> dict[str, object]:
    """Return a stored manifest with a number in place of its function list."""
    return {**(manifest or {}), "function_count": count}
