"""Turns an error of the database into an exception of ours, diagnostics included."""

from __future__ import annotations

import re

import psycopg

from stopgap.errors import CompileError, DatabaseError
from stopgap.results import Diagnostic

COMPILE_FAILED = "SG108"
_INSUFFICIENT_PRIVILEGE = "42501"
# What it says of the engine's objects before any of the engine runs.
_KEPT_OUT = tuple(
    f"permission denied for {kind} " for kind in ("function", "view", "table")
)
# Whose rights a function takes; those of the others, and views, stopgap_reader's.
_ROLES = {
    **dict.fromkeys(
        (
            "deploy",
            "rollback",
            "activate",
            "repair",
            "promote",
            "import_deployment",
            "record_failure",
            "find_deployment",
        ),
        "stopgap_deployer",
    ),
    "gc": "stopgap_maintainer",
}
# PL/Python puts the name of an exception before its message, once for each function of
# its that it passes through; the engine's is its verb.
_PREFIX = re.compile(r"^((stopgap|spiexceptions|plpy)\.\w+: )+")
# One line of a compile error's DETAIL, see docs/reference/sql.md.
_DIAGNOSTIC = re.compile(
    r"(?P<fn_name>.+?):(?P<line>\d+):(?P<column>\d+): (?P<code>\w+): (?P<message>.*)"
)
_CONTINUATION = "  "
# What PostgreSQL leaves unsaid of errors that are its own.
_HINTS = {
    "25006": "the server is a standby, or the session has default_transaction_read_only"
    " on",
}


def refusal(error: psycopg.Error) -> DatabaseError:
    """Return the exception that says what the database said."""
    diagnosis = error.diag
    told = diagnosis.message_primary or " ".join(str(error).split())
    message = _PREFIX.sub("", told)
    # Where the engine runs, the caller was let in.
    was_let_in = message != told
    detail = diagnosis.message_detail
    if error.sqlstate == COMPILE_FAILED:
        return CompileError(
            message,
            sqlstate=error.sqlstate,
            detail=detail,
            hint=diagnosis.message_hint,
            context=diagnosis.context,
            diagnostics=parse_diagnostics(detail or ""),
        )
    return DatabaseError(
        message,
        sqlstate=error.sqlstate,
        detail=detail,
        hint=diagnosis.message_hint
        or _HINTS.get(error.sqlstate or "")
        or (None if was_let_in else _missing_role(error.sqlstate, message)),
        context=diagnosis.context,
    )


def _missing_role(sqlstate: str | None, message: str) -> str | None:
    """Return which role the caller lacks whom PostgreSQL keeps from the engine."""
    if sqlstate != _INSUFFICIENT_PRIVILEGE or not message.startswith(_KEPT_OUT):
        return None
    what = message.rpartition(" ")[2]
    if what == "after_restore":
        return "that is for superusers"
    role = _ROLES.get(what, "stopgap_reader")
    return f"it takes the rights of {role}: grant {role} to …;"


def parse_diagnostics(detail: str) -> tuple[Diagnostic, ...]:
    """Read the diagnostics from the DETAIL of a compile error."""
    found: list[Diagnostic] = []
    for line in detail.splitlines():
        match = _DIAGNOSTIC.fullmatch(line)
        if match is not None and not line.startswith(_CONTINUATION):
            found.append(
                Diagnostic(
                    fn_name=match["fn_name"],
                    line=int(match["line"]),
                    column=int(match["column"]),
                    code=match["code"],
                    message=match["message"],
                )
            )
        elif found:
            last = found.pop()
            message = f"{last.message}\n{line.removeprefix(_CONTINUATION)}"
            found.append(
                Diagnostic(last.fn_name, last.line, last.column, last.code, message)
            )
    return tuple(found)
