"""diff: what a deploy would change, found without writing or compiling anything."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..database import Database
from ..diff import Candidate, diff, render_diff, summary
from ..environment import planned_live_schema
from ..names import check_env
from ..pointer import render_pointer
from ..scanning import check_source_schema, scan_source
from ..session import Session, require_deployer
from ..source import SourceFunction
from ..store import find_environment, versions_of


def diff_source(session: Session, env: str | None, from_schema: str | None) -> str:
    """Return the diff's JSON; before the first deployment everything is added."""
    env = check_env(env)
    require_deployer(session)
    source = check_source_schema(session, from_schema)
    environment = find_environment(session.database, env)
    active_id = environment.active_deployment_id if environment else None
    functions = diff(
        versions_of(session.database, active_id),
        _candidates(session.database, scan_source(session, source).deployable),
    )
    return json.dumps(
        {
            "env": env,
            "source_schema": source.name,
            "live_schema": (
                environment.live_schema
                if environment
                else planned_live_schema(session, env)
            ),
            "active_deployment_id": active_id,
            "summary": summary(functions),
            "functions": render_diff(functions),
        },
        ensure_ascii=False,
    )


def _candidates(
    database: Database, functions: Sequence[SourceFunction]
) -> dict[str, Candidate]:
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
