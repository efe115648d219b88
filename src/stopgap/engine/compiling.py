"""Compiling: source functions become artifacts, all of them as one program."""

from __future__ import annotations

from collections.abc import Sequence, Set

from .database import Database, SqlError
from .diagnostics import (
    COMPILE_ERRORS,
    Diagnostic,
    compile_failed,
    compiled_text,
    diagnostics_from_json,
)
from .errors import ArtifactMissing
from .pointer import render_pointer
from .source import SourceFunction
from .version import FunctionVersion


def compile_functions(
    database: Database, schema: str, functions: Sequence[SourceFunction]
) -> dict[str, FunctionVersion]:
    """Return the functions by name, their artifacts stored.

    What is wrong anywhere is told at once, for all of them.
    """
    if not functions:
        return {}
    hashes = _compile(database, schema, functions)
    rows = database.fetch("artifact_kinds", hashes=sorted(set(hashes)))
    kinds = {row["artifact_hash"]: row["kind"] for row in rows}
    _refuse_missing(functions, hashes, kinds.keys())
    return {
        function.name: FunctionVersion(
            fn_name=function.name,
            # A bare handler, of which the compiler need not say anything.
            kind=kinds[artifact_hash] or "mutation",
            artifact_hash=artifact_hash,
            pointer=render_pointer(artifact_hash),
            attributes=function.attributes,
        )
        for function, artifact_hash in zip(functions, hashes, strict=True)
    }


def _compile(
    database: Database, schema: str, functions: Sequence[SourceFunction]
) -> list[str]:
    oids = [function.oid for function in functions]
    try:
        rows = database.fetch("compile", oids=oids)
    except SqlError as error:
        if error.sqlstate not in COMPILE_ERRORS:
            raise
        diagnostics = find_diagnostics(database, functions)
        if not diagnostics:
            # The functions were changed between the two: what was wrong is gone.
            raise
        raise compile_failed(schema, diagnostics) from error
    return [row["artifact_hash"] for row in rows]


def find_diagnostics(
    database: Database, functions: Sequence[SourceFunction]
) -> tuple[Diagnostic, ...]:
    """Return all that is wrong with functions, compiled as one program."""
    if not functions:
        return ()
    oids = [function.oid for function in functions]
    texts = [
        compiled_text(function.name, row["first_line"])
        for function, row in zip(
            functions, database.fetch("first_lines", oids=oids), strict=True
        )
    ]
    found = database.fetch("typecheck", oids=oids)[0]["diagnostics"]
    return diagnostics_from_json(found, texts)


def _refuse_missing(
    functions: Sequence[SourceFunction],
    hashes: Sequence[str],
    stored: Set[str],
) -> None:
    """Refuse hashes whose rows this transaction does not see.

    Another transaction can be storing the same artifact, and may yet fail.
    """
    missing = [
        function.name
        for function, artifact_hash in zip(functions, hashes, strict=True)
        if artifact_hash not in stored
    ]
    if missing:
        raise ArtifactMissing(
            f"the artifacts of {len(missing)} functions are not stored yet",
            detail="Another transaction is storing them: " + ", ".join(missing) + ".",
            hint="Try again when it has ended.",
        )
