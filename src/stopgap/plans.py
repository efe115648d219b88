"""Plans and repairs as typed values; `raw` is the JSON that came."""

from __future__ import annotations

from dataclasses import dataclass

from stopgap.results import (
    Diagnostic,
    FunctionDiff,
    HandEdit,
    Json,
    as_object,
    field,
    function_diff,
    hand_edit,
    optional,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What would keep a verb from its work."""

    sqlstate: str
    message: str
    detail: str | None
    hint: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A live function that would be dropped, if nothing depended on it."""

    fn_name: str
    dependents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a verb that changes an environment would do; nothing was done."""

    action: str
    env: str
    live_schema: str
    active_deployment_id: int | None
    # None for the new deployment that a deploy would make.
    deployment_id: int | None
    possible: bool
    changed: bool
    dropped: tuple[str, ...]
    kept: tuple[Kept, ...]
    # All that stays though not deployed, what is kept included.
    retained: tuple[str, ...]
    created: tuple[str, ...]
    replaced: tuple[str, ...]
    # What people did by hand to those that are created, replaced or dropped.
    hand_edits: tuple[HandEdit, ...]
    functions: tuple[FunctionDiff, ...]
    # Unified diffs of TypeScript, by function.
    diffs: dict[str, str]
    skipped: dict[str, str]
    ddl: tuple[str, ...]
    # Event triggers that it fires, and that may refuse it.
    event_triggers: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    privileges_missing: tuple[Refusal, ...]
    refusals: tuple[Refusal, ...]
    raw: Json

    @classmethod
    def from_json(cls, answer: object) -> Plan:
        """Decode the answer of stopgap.plan()."""
        raw = as_object(answer)
        live = as_object(raw.get("live"))
        functions = field(raw, "functions", list)
        return cls(
            action=field(raw, "action", str),
            env=field(raw, "env", str),
            live_schema=field(raw, "live_schema", str),
            active_deployment_id=optional(raw, "active_deployment_id", int),
            deployment_id=optional(raw, "deployment_id", int),
            possible=field(raw, "possible", bool),
            changed=field(raw, "changed", bool),
            dropped=tuple(field(live, "dropped", list)),
            kept=tuple(map(_kept, field(live, "kept", list))),
            retained=tuple(each["fn_name"] for each in field(live, "retained", list)),
            created=tuple(field(live, "created", list)),
            replaced=tuple(field(live, "replaced", list)),
            hand_edits=tuple(map(hand_edit, live.get("hand_edits") or ())),
            functions=tuple(map(function_diff, functions)),
            diffs={each["fn_name"]: each["diff"] for each in functions if each["diff"]},
            skipped={
                each["fn_name"]: each["reason"] for each in field(raw, "skipped", list)
            },
            ddl=tuple(field(raw, "ddl", list)),
            event_triggers=tuple(raw.get("event_triggers") or ()),
            diagnostics=tuple(map(_diagnostic, field(raw, "diagnostics", list))),
            privileges_missing=_refusals(raw, "privileges_missing"),
            refusals=_refusals(raw, "refusals"),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did, or a dry run of it would do."""

    env: str
    deployment_id: int
    dry_run: bool
    changed: bool
    created: tuple[str, ...]
    # What had been changed of each function.
    replaced: dict[str, tuple[str, ...]]
    # What the deployment no longer has.
    dropped: tuple[str, ...]
    # Made by hand, and left alone.
    left: tuple[str, ...]
    ddl: tuple[str, ...]
    raw: Json

    @classmethod
    def from_json(cls, answer: object) -> Repaired:
        """Decode the answer of stopgap.repair()."""
        raw = as_object(answer)
        return cls(
            env=field(raw, "env", str),
            deployment_id=field(raw, "deployment_id", int),
            dry_run=field(raw, "dry_run", bool),
            changed=field(raw, "changed", bool),
            created=tuple(field(raw, "created", list)),
            replaced={
                each["fn_name"]: tuple(each["changed"])
                for each in field(raw, "replaced", list)
            },
            dropped=tuple(field(raw, "dropped", list)),
            left=tuple(field(raw, "left", list)),
            ddl=tuple(field(raw, "ddl", list)),
            raw=raw,
        )


def _kept(answer: object) -> Kept:
    raw = as_object(answer)
    return Kept(field(raw, "fn_name", str), tuple(field(raw, "dependents", list)))


def _diagnostic(answer: object) -> Diagnostic:
    raw = as_object(answer)
    return Diagnostic(
        fn_name=field(raw, "fn_name", str),
        line=field(raw, "line", int),
        column=field(raw, "column", int),
        code=field(raw, "code", str),
        message=field(raw, "message", str),
    )


def _refusals(raw: Json, key: str) -> tuple[Refusal, ...]:
    return tuple(
        Refusal(
            sqlstate=field(each, "sqlstate", str),
            message=field(each, "message", str),
            detail=optional(each, "detail", str),
            hint=optional(each, "hint", str),
        )
        for each in map(as_object, field(raw, key, list))
    )
