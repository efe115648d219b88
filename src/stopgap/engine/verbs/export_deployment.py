"""export_deployment: a deployment as one JSON value that another database imports."""

from __future__ import annotations

import json

from .. import __version__
from ..activation import check_artifacts
from ..bundle import render_attributes, seal_bundle
from ..database import Database
from ..environment import known_environment
from ..errors import NoActiveDeployment, ResultTooLarge, UnknownDeployment
from ..names import check_env
from ..options import check_no_options
from ..provenance import without_record
from ..scanning import check_source_usage
from ..session import Session, require_reader
from ..states import Status
from ..store import known_deployment, left_behind, versions_of
from ..version import Versions

# One value of jsonb ends at 256 MB, and JSON writes some characters as several.
_MAX_BYTES = 128 * 1024 * 1024
_EMPTY = frozenset({Status.FAILED, Status.REMOVED})


def export_deployment(
    session: Session, env: str | None, deployment_id: int | None, options: str | None
) -> str:
    """Return a deployment's bundle; that of the active one where none is named."""
    env = check_env(env)
    check_no_options(options)
    require_reader(session)
    database = session.database
    environment = known_environment(database, env)
    if deployment_id is None:
        deployment_id = environment.active_deployment_id
    if deployment_id is None:
        raise NoActiveDeployment(
            f'environment "{env}" has no active deployment',
            hint="Deploy to it, or name a deployment of it.",
        )
    exported = known_deployment(database, env, deployment_id)
    if exported.status in _EMPTY:
        raise UnknownDeployment(
            f"deployment {deployment_id} has no functions to export",
            detail=f'Its status is "{exported.status}".',
        )
    check_source_usage(session, exported.source_schema)
    versions = versions_of(database, deployment_id)
    check_artifacts(database, versions)
    hashes = sorted(_needed(versions))
    size = database.fetch("artifact_bytes", hashes=hashes)[0]["bytes"]
    if size > _MAX_BYTES:
        raise ResultTooLarge(
            f"the artifacts of deployment {deployment_id} have {size} bytes,"
            f" more than {_MAX_BYTES}",
            hint="Deploy its sources to the other database instead.",
        )
    row = database.fetch("exported_deployment", env=env, id=deployment_id)[0]
    provenance = without_record(json.loads(row["provenance"]))
    return seal_bundle(
        {
            "stopgap_version": __version__,
            "plts_version": database.fetch("plts_version")[0]["version"],
            "deployment": {**row, "provenance": provenance},
            "functions": [
                {
                    "fn_name": each.fn_name,
                    "kind": each.kind,
                    "artifact_hash": each.artifact_hash,
                    "pointer": json.loads(each.pointer),
                    "attributes": render_attributes(each.attributes),
                }
                for each in versions.values()
            ],
            "artifacts": _artifacts(database, hashes),
            "skipped": [
                {"fn_name": each.fn_name, "reason": each.reason}
                for each in left_behind(database, exported)
            ],
        }
    )


def _needed(versions: Versions) -> set[str]:
    needed = {each.artifact_hash for each in versions.values()}
    for each in versions.values():
        import_map = json.loads(each.pointer).get("import_map", {})
        needed.update(
            target.removeprefix("plts+artifact:") for target in import_map.values()
        )
    return needed


def _artifacts(database: Database, hashes: list[str]) -> list[dict[str, object]]:
    return [
        {
            **row,
            "compiler_opts": json.loads(row["compiler_opts"]),
            "imports": list(row["imports"]),
        }
        for row in database.fetch("artifact_closure", hashes=hashes)
    ]
