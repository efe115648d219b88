"""status: what an environment runs, and whether its live schema still says so."""

from __future__ import annotations

import json

from ..catalog import missing_artifacts, read_live_schema
from ..database import Database
from ..drift import find_drift
from ..json_text import to_json
from ..manifest import render_function, render_refs, with_functions
from ..names import check_env
from ..plan import Target, retained_refs
from ..session import Session, require_reader
from ..store import Environment, find_environment, target_of


def status(session: Session, env: str | None) -> str | None:
    """Return the status' JSON, None for an unknown environment."""
    env = check_env(env)
    require_reader(session)
    database = session.database
    environment = find_environment(database, env)
    if environment is None:
        return None
    target = target_of(database, environment.active_deployment_id)
    expected = target.versions()
    drift = find_drift(
        expected,
        read_live_schema(database, environment.live_schema),
        missing_artifacts(database, (each.artifact_hash for each in expected.values())),
    )
    return to_json(
        {
            "env": env,
            "live_schema": environment.live_schema,
            "active_deployment_id": environment.active_deployment_id,
            "updated_at": environment.updated_at,
            "active_deployment": _active_deployment(database, environment, target),
            "retained": render_refs(retained_refs(target)),
            "drift": drift.to_json(),
        }
    )


def _active_deployment(
    database: Database, environment: Environment, target: Target
) -> dict[str, object] | None:
    active_id = environment.active_deployment_id
    if active_id is None:
        return None
    row = database.fetch("active_deployment", id=active_id)[0]
    functions = [
        render_function(
            version,
            source_schema=row["source_schema"],
            live_schema=environment.live_schema,
        )
        for version in target.deployed.values()
    ]
    return {
        **row,
        "provenance": json.loads(row["provenance"]),
        "manifest": with_functions(json.loads(row["manifest"]), functions),
    }
