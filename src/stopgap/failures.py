"""What is recorded of a deploy that failed: the error, within the size that is kept."""

from __future__ import annotations

from stopgap.errors import CompileError, DatabaseError, SmokeFailed, StopgapError

_MAX_TEXT = 4_000
_MAX_ENTRIES = 50


def failure_record(error: StopgapError) -> dict[str, object]:
    """Return an error as JSON, for stopgap.record_failure()."""
    told: dict[str, object] = {
        "message": error.message[:_MAX_TEXT],
        "kind": type(error).__name__,
        "hint": error.hint,
    }
    if isinstance(error, DatabaseError):
        told["sqlstate"] = error.sqlstate
    if isinstance(error, CompileError):
        kept = error.diagnostics[:_MAX_ENTRIES]
        told["diagnostics"] = [
            {
                "fn_name": each.fn_name,
                "line": each.line,
                "column": each.column,
                "code": each.code,
                "message": each.message[:_MAX_TEXT],
            }
            for each in kept
        ]
        told["diagnostics_omitted"] = len(error.diagnostics) - len(kept)
    elif isinstance(error, DatabaseError):
        told["detail"] = None if error.detail is None else error.detail[:_MAX_TEXT]
    elif isinstance(error, SmokeFailed):
        told["smoke"] = [
            {"check": each.name, "line": each.line, "message": each.why[:_MAX_TEXT]}
            for each in error.failures[:_MAX_ENTRIES]
        ]
    return told
