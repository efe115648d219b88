"""What the database answers, as typed values; `raw` is the JSON that came.

A value that lacks what the contract promises is an `UndecodableAnswer`. Keys that are
not known here are left in `raw`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
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
        raw = as_object(answer)
        manifest = as_object(raw.get("manifest") or {})
        functions: tuple[Function, ...] | None = None
        if "functions" in manifest:
            functions = tuple(map(_function, field(manifest, "functions", list)))
        count = manifest.get("function_count", len(functions or ()))
        return cls(
            id=field(raw, "id", int),
            label=optional(raw, "label", str),
            status=field(raw, "status", str),
            created_at=field(raw, "created_at", str),
            created_by=field(raw, "created_by", str),
            source_schema=field(raw, "source_schema", str),
            functions=functions,
            function_count=count,
            prune=bool(as_object(manifest.get("prune") or {}).get("enabled", False)),
            raw=raw,
        )

    @property
    def provenance(self) -> Json:
        """Where its sources come from, as far as it was said."""
        return as_object(self.raw.get("provenance") or {})

    @property
    def manifest(self) -> Json:
        """What the deployment consists of, as the database keeps it."""
        return as_object(self.raw.get("manifest") or {})


@dataclass(frozen=True, slots=True)
class HandEdit:
    """What people did to a live function by hand, and lose by a change."""

    fn_name: str
    changed: tuple[str, ...]
    # What becomes of the function: "replaced", "created" or "dropped".
    becomes: str

    def to_json(self) -> dict[str, object]:
        """Return it as answers have it."""
        return {
            "fn_name": self.fn_name,
            "changed": list(self.changed),
            "becomes": self.becomes,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a verb did, in numbers of live functions."""

    deployment_id: int
    # False where there was nothing to do.
    changed: bool
    # The entry of the log, and what was active before: None where nothing was done.
    activation_id: int | None
    from_deployment_id: int | None
    created: int
    replaced: int
    dropped: int
    kept: int
    # What people had done to those functions by hand, and lost.
    hand_edits: tuple[HandEdit, ...] = ()
    # Deployments that a rollback by steps went past, for they made nothing else live.
    passed_over: tuple[int, ...] = ()
    # How long it waited for locks, compiled, ran DDL, and took in all, by these names.
    seconds: Json = dataclass_field(default_factory=dict)

    @classmethod
    def from_json(cls, answer: object) -> Outcome:
        """Decode the setting stopgap.outcome."""
        raw = as_object(answer)
        return cls(
            deployment_id=field(raw, "deployment_id", int),
            changed=field(raw, "changed", bool),
            activation_id=optional(raw, "activation_id", int),
            from_deployment_id=optional(raw, "from_deployment_id", int),
            created=field(raw, "created", int),
            replaced=field(raw, "replaced", int),
            dropped=field(raw, "dropped", int),
            kept=field(raw, "kept", int),
            hand_edits=tuple(map(hand_edit, raw.get("hand_edits") or ())),
            passed_over=tuple(raw.get("passed_over") or ()),
            seconds=as_object(raw.get("seconds") or {}),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A change of an environment that was done."""

    env: str
    outcome: Outcome

    @property
    def deployment_id(self) -> int:
        """What is active by it, or was made to be activated later."""
        return self.outcome.deployment_id

    @property
    def changed(self) -> bool:
        """Whether there was anything to do."""
        return self.outcome.changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Made(Done):
    """A deployment that a promotion or an import made."""

    deployment: Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed(Made):
    """A deploy that was done."""

    from_schema: str

    @property
    def prune(self) -> bool:
        """Whether it pruned."""
        return self.deployment.prune


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack(Done):
    """A rollback that was done."""

    steps: int
    to_id: int | None
    to_label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activated(Done):
    """An activation that was done."""


@dataclass(frozen=True, slots=True)
class Status:
    """What an environment runs, and how its live schema has drifted from that."""

    env: str
    live_schema: str
    active_deployment_id: int | None
    updated_at: str
    active_deployment: Deployment | None
    # What is live besides the deployment's own functions.
    retained: tuple[str, ...]
    drift: Json
    raw: Json

    @classmethod
    def from_json(cls, answer: object) -> Status:
        """Decode the answer of stopgap.status()."""
        raw = as_object(answer)
        active = raw.get("active_deployment")
        return cls(
            env=field(raw, "env", str),
            live_schema=field(raw, "live_schema", str),
            active_deployment_id=optional(raw, "active_deployment_id", int),
            updated_at=field(raw, "updated_at", str),
            active_deployment=None if active is None else Deployment.from_json(active),
            retained=tuple(each["fn_name"] for each in raw.get("retained") or ()),
            drift=as_object(raw.get("drift") or {}),
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
    """How a schema, a deployment or an environment differs from another."""

    env: str
    # None where neither side is a schema.
    source_schema: str | None
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
        raw = as_object(answer)
        summary = as_object(raw.get("summary"))
        return cls(
            env=field(raw, "env", str),
            source_schema=optional(raw, "source_schema", str),
            live_schema=field(raw, "live_schema", str),
            active_deployment_id=optional(raw, "active_deployment_id", int),
            added=field(summary, "added", int),
            changed=field(summary, "changed", int),
            removed=field(summary, "removed", int),
            unchanged=field(summary, "unchanged", int),
            functions=tuple(map(function_diff, field(raw, "functions", list))),
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


def hand_edit(answer: object) -> HandEdit:
    """Decode an entry of an outcome or a plan."""
    raw = as_object(answer)
    return HandEdit(
        fn_name=field(raw, "fn_name", str),
        changed=tuple(field(raw, "changed", list)),
        becomes=field(raw, "becomes", str),
    )


def _function(answer: object) -> Function:
    raw = as_object(answer)
    return Function(
        fn_name=field(raw, "fn_name", str),
        kind=field(raw, "kind", str),
        artifact_hash=field(raw, "artifact_hash", str),
    )


def function_diff(answer: object) -> FunctionDiff:
    """Decode an entry of a diff or a plan."""
    raw = as_object(answer)
    return FunctionDiff(
        fn_name=field(raw, "fn_name", str),
        change=field(raw, "change", str),
        active_artifact_hash=optional(raw, "active_artifact_hash", str),
        candidate_artifact_hash=optional(raw, "candidate_artifact_hash", str),
        changed_attributes=tuple(raw.get("changed_attributes") or ()),
    )


def as_object(answer: object) -> Json:
    """Return an answer that is to be a JSON object."""
    if not isinstance(answer, dict):
        raise UndecodableAnswer(f"expected a JSON object, got {answer!r:.60}")
    return answer


def field(raw: Json, key: str, kind: type[_T]) -> _T:
    """Return the value of a key, which must be of this type."""
    value = raw.get(key)
    # JSON's true is no number, though Python's True is an int.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise UndecodableAnswer(
            f'expected "{key}" to be of type {kind.__name__}, got {value!r:.60}'
        )
    return value


def optional(raw: Json, key: str, kind: type[_T]) -> _T | None:
    """Return the value of a key, None where it is null or missing."""
    return None if raw.get(key) is None else field(raw, key, kind)
