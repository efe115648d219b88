"""Blueprints: what a deploy, a rollback or an activation would do, written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import unified_diff
from typing import NamedTuple

from .catalog import artifact_sources
from .database import Database
from .ddl import create_schema, materialize_statements
from .diagnostics import Diagnostic, author_text
from .diff import Change, FunctionDiff, render_function_plan, summary
from .errors import EngineError, ErrorClass
from .grants import Grants
from .manifest import render_refs
from .plan import Materialization
from .source import Skipped


class Obstacles:
    """All refusals that the verb itself would end at the first of."""

    def __init__(self) -> None:
        self.found: list[EngineError] = []

    @contextmanager
    def collected(self, kind: type[EngineError] = EngineError) -> Iterator[None]:
        """Note a refusal of this kind, and go on behind the block."""
        try:
            yield
        except EngineError as refusal:
            if not isinstance(refusal, kind):
                raise
            self.found.append(refusal)

    def to_json(self) -> dict[str, object]:
        """Return the keys that a plan has for them."""
        permission = ErrorClass.PERMISSION
        return {
            "possible": not self.found,
            "privileges_missing": [
                _refusal(each) for each in self.found if each.error_class is permission
            ],
            "refusals": [
                _refusal(each)
                for each in self.found
                if each.error_class is not permission
            ],
        }


class Blueprint(NamedTuple):
    """A plan in all its parts."""

    action: str
    env: str
    live_schema: str
    active_deployment_id: int | None
    # None for the new deployment that a deploy would make.
    deployment_id: int | None
    source_schema: str | None
    changed: bool
    functions: tuple[FunctionDiff, ...]
    # Unified diffs by function.
    typescript: Mapping[str, str]
    skipped: tuple[Skipped, ...]
    prune: bool
    materialization: Materialization
    ddl: tuple[str, ...]
    # Those that the DDL fires, and that may have something against it.
    event_triggers: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    obstacles: Obstacles
    # Deployments that a rollback by steps goes past, for they made nothing else live.
    passed_over: tuple[int, ...] = ()
    # The environment that a promotion is from.
    from_env: str | None = None
    # Functions of a bundle whose code only the import itself can compile.
    unchecked: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the plan's JSON, drops before what else becomes of live functions."""
        changes = self.materialization
        return {
            "action": self.action,
            "env": self.env,
            "source_schema": self.source_schema,
            "live_schema": self.live_schema,
            "active_deployment_id": self.active_deployment_id,
            "deployment_id": self.deployment_id,
            **self.obstacles.to_json(),
            "diagnostics": [each.to_json() for each in self.diagnostics],
            "changed": self.changed,
            "live": {
                "dropped": [each.name for each in changes.drop],
                "kept": [
                    {"fn_name": each.ref.fn_name, "dependents": list(each.dependents)}
                    for each in changes.kept
                ],
                "retained": render_refs(changes.retained),
                "created": [each.fn_name for each in changes.create],
                "replaced": [each.version.fn_name for each in changes.replace],
                "unchanged": len(changes.unchanged),
                "hand_edits": [each.to_json() for each in changes.hand_edits],
            },
            "summary": summary(self.functions),
            "functions": [
                render_function_plan(each, self.typescript.get(each.fn_name))
                for each in self.functions
            ],
            "skipped": [
                {"fn_name": each.fn_name, "reason": each.reason}
                for each in self.skipped
            ],
            "prune": self.prune,
            "ddl": list(self.ddl),
            "event_triggers": list(self.event_triggers),
            "passed_over": list(self.passed_over),
            "from_env": self.from_env,
            "unchecked": list(self.unchecked),
        }


def render_ddl(
    schema: str,
    changes: Materialization,
    grants: Grants,
    *,
    is_new_schema: bool,
) -> tuple[str, ...]:
    """Return the statements that a plan would run."""
    statements = create_schema(schema, grants.defaults) if is_new_schema else []
    for batch in materialize_statements(schema, changes, grants):
        statements += batch
    return tuple(statements)


def changed_sources(
    database: Database,
    functions: tuple[FunctionDiff, ...],
    new: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the TypeScript of both sides of changed functions, by hash.

    `new` is what is not stored yet.
    """
    hashes = {
        artifact_hash
        for each in functions
        if has_changed_code(each)
        for artifact_hash in (each.active_artifact_hash, each.candidate_artifact_hash)
        if artifact_hash is not None
    }
    if not hashes:
        return {}
    return {**(new or {}), **artifact_sources(database, hashes)}


def typescript_diffs(
    functions: tuple[FunctionDiff, ...], sources: Mapping[str, str]
) -> dict[str, str]:
    """Return a unified diff for each changed function; `sources` are by hash."""
    return {
        each.fn_name: _unified(
            each.fn_name,
            sources.get(each.active_artifact_hash or "", ""),
            sources.get(each.candidate_artifact_hash or "", ""),
        )
        for each in functions
        if has_changed_code(each)
    }


def has_changed_code(function: FunctionDiff) -> bool:
    """Tell whether the TypeScript of a function differs, not its attributes alone."""
    return (
        function.change is Change.CHANGED
        and function.active_artifact_hash != function.candidate_artifact_hash
    )


def _unified(name: str, before: str, after: str) -> str:
    lines = unified_diff(
        author_text(before).splitlines(),
        author_text(after).splitlines(),
        f"{name} (active)",
        f"{name} (planned)",
        lineterm="",
    )
    return "".join(f"{line}\n" for line in lines)


def _refusal(refusal: EngineError) -> dict[str, object]:
    return {
        "sqlstate": refusal.sqlstate,
        "message": refusal.message,
        "detail": refusal.detail,
        "hint": refusal.hint,
    }
