"""Candidates: the functions of a source schema as they would be deployed."""

from __future__ import annotations

from collections.abc import Sequence

from .database import Database
from .diff import Candidate
from .pointer import render_pointer
from .source import SourceFunction


def candidates_of(
    database: Database, functions: Sequence[SourceFunction]
) -> dict[str, Candidate]:
    """Return what functions would be, by name, without compiling them."""
    if not functions:
        return {}
    rows = database.fetch("candidate_hashes", oids=[each.oid for each in functions])
    return {
        function.name: Candidate(
            artifact_hash=row["artifact_hash"],
            pointer=render_pointer(row["artifact_hash"]),
            attributes=function.attributes,
        )
        for function, row in zip(functions, rows, strict=True)
    }
