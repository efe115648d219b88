"""What the database answers, as typed values; `raw` is the JSON that came.

A value that lacks what the contract promises is an `UndecodableAnswer`. Keys that are
not known here are left in `raw`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from stopgap.errors import UndecodableAnswer

Json = Mapping[str, Any]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a deployment."""

    fn_name: str
    kind: str
    artifact_hash: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment; `functions` is None where they were not asked for."""

    id: int
    label: str | None
    status: str
    created_at: str
    created_by: str
    source_schema: str
    functions: tuple[Function, ...] | None
    function_count: int
    prune: bool
    raw: Json

    @classmethod
    def from_json(cls, answer: object) -> Deployment:
        """Decode an entry of `deployments`, or a status' active deployment."""
        raw = _object(answer)
        manifest = _object(raw.get("manifest") or {})
        functions: tuple[Function, ...] | None = None
        if "functions" in manifest:
            functions = tuple(map(_function, _get(manifest, "functions", list)))
        count = manifest.get("function_count", len(functions or ()))
        return cls(
            id=_get(raw, "id", int),
            label=_optional(raw, "label", str),
            status=_get(raw, "status", str),
            created_at=_get(raw, "created_at", str),
            created_by=_get(raw, "created_by", str),
            source_schema=_get(raw, "source_schema", str),
            functions=functions,
            function_count=count,
            prune=bool(_object(manifest.get("prune") or {}).get("enabled", False)),
            raw=raw,
        )

    @property
    def manifest(self) -> Json:
        """What the deployment consists of, as the database keeps it."""
        return _object(self.raw.get("manifest") or {})


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deploy that was done."""

    env: str
    from_schema: str
    deployment_id: int
    prune: bool
    deployment: Deployment


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A rollback that was done; `deployment_id` is what runs now."""

    env: str
    steps: int
    to_id: int | None
    deployment_id: int


@dataclass(frozen=True, slots=True)
class Status:
    """What an environment runs, and how its live schema has drifted from that."""

    env: str
    live_schema: str
    active_deployment_id: int | None
    updated_at: str
    active_deployment: Deployment | None
    drift: Json
    raw: Json

    @classmethod
    def from_json(cls, answer: object) -> Status:
        """Decode the answer of stopgap.status()."""
        raw = _object(answer)
        active = raw.get("active_deployment")
        return cls(
            env=_get(raw, "env", str),
            live_schema=_get(raw, "live_schema", str),
            active_deployment_id=_optional(raw, "active_deployment_id", int),
            updated_at=_get(raw, "updated_at", str),
            active_deployment=None if active is None else Deployment.from_json(active),
            drift=_object(raw.get("drift") or {}),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class FunctionDiff:
    """One function of a diff; a hash is None where that side lacks the function."""

    fn_name: str
    change: str
    active_artifact_hash: str | None
    candidate_artifact_hash: str | None
    changed_attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """What a deploy of a source schema would change."""

    env: str
    source_schema: str
    live_schema: str
    active_deployment_id: int | None
    added: int
    changed: int
    removed: int
    unchanged: int
    functions: tuple[FunctionDiff, ...]
    raw: Json

    @classmethod
    def from_json(cls, answer: object) -> Diff:
        """Decode the answer of stopgap.diff()."""
        raw = _object(answer)
        summary = _object(raw.get("summary"))
        return cls(
            env=_get(raw, "env", str),
            source_schema=_get(raw, "source_schema", str),
            live_schema=_get(raw, "live_schema", str),
            active_deployment_id=_optional(raw, "active_deployment_id", int),
            added=_get(summary, "added", int),
            changed=_get(summary, "changed", int),
            removed=_get(summary, "removed", int),
            unchanged=_get(summary, "unchanged", int),
            functions=tuple(map(_function_diff, _get(raw, "functions", list))),
            raw=raw,
        )

    @property
    def has_changes(self) -> bool:
        """Whether a deploy would change anything."""
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding of the TypeScript compiler, in the function's own text."""

    fn_name: str
    line: int
    column: int
    code: str
    message: str
    # The line of TypeScript it is about; None where that could not be read.
    source_line: str | None = None


def _function(answer: object) -> Function:
    raw = _object(answer)
    return Function(
        fn_name=_get(raw, "fn_name", str),
        kind=_get(raw, "kind", str),
        artifact_hash=_get(raw, "artifact_hash", str),
    )


def _function_diff(answer: object) -> FunctionDiff:
    raw = _object(answer)
    return FunctionDiff(
        fn_name=_get(raw, "fn_name", str),
        change=_get(raw, "change", str),
        active_artifact_hash=_optional(raw, "active_artifact_hash", str),
        candidate_artifact_hash=_optional(raw, "candidate_artifact_hash", str),
        changed_attributes=tuple(raw.get("changed_attributes") or ()),
    )


def _object(answer: object) -> Json:
    if not isinstance(answer, dict):
        raise UndecodableAnswer(f"expected a JSON object, got {answer!r:.60}")
    return answer


def _get(raw: Json, key: str, kind: type[_T]) -> _T:
    value = raw.get(key)
    # JSON's true is no number, though Python's True is an int.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise UndecodableAnswer(
            f'expected "{key}" to be of type {kind.__name__}, got {value!r:.60}'
        )
    return value


def _optional(raw: Json, key: str, kind: type[_T]) -> _T | None:
    return None if raw.get(key) is None else _get(raw, key, kind)
