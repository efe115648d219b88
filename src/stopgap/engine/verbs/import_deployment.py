"""import_deployment: a bundle becomes a deployment of this database."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..bundle import Bundle, compile_order, read_bundle
from ..database import Database, SqlError
from ..diagnostics import COMPILE_ERRORS
from ..emptiness import refuse_empty
from ..environment import ensure_environment, lock_environment
from ..importing import (
    bundle_does_not_compile,
    check_hashes,
    find_bundle_diagnostics,
    users_of,
)
from ..making import New, make
from ..manifest import DeploymentName
from ..names import check_env
from ..options import parse_making_options
from ..provenance import inherit, read_origin
from ..requirements import require_language, require_parameters
from ..scanning import check_source_usage
from ..session import (
    Session,
    require_deployer,
    require_origin,
    require_read_committed,
)
from ..settings import LogLevel
from ..version import FunctionVersion

_KEYS = ("label", "prune", "activate", "if_changed", "allow_empty")


def import_deployment(
    session: Session, env: str | None, bundle: str | None, options: str | None
) -> int:
    """Deploy what a bundle holds, compiled anew, and return the deployment.

    Its JavaScript is compared with what the compiler here makes of its sources, and not
    used. Where they differ is told, and recorded in the provenance.
    """
    env = check_env(env)
    given = parse_making_options(options, known=_KEYS)
    origin = read_origin(given.origin)
    require_read_committed(session)
    require_deployer(session)
    require_origin(session)
    require_language(session)
    found = read_bundle(bundle)
    check_source_usage(session, found.source_schema)
    refuse_empty("the bundle", is_empty=not found.functions, allowed=given.allow_empty)

    database = session.database
    lock_environment(database, env)
    environment = ensure_environment(session, env, source_schema=found.source_schema)
    check_hashes(database, found)
    require_parameters(
        database, {each.fn_name: each.attributes for each in found.functions}
    )
    hashes = _compile(database, found)
    versions, differences = _compare(database, found, hashes)
    if differences:
        _tell(session, differences)
    return make(
        session,
        environment,
        New(
            name=DeploymentName(
                env,
                found.source_schema,
                environment.live_schema,
                found.label if given.label is None else given.label,
            ),
            versions=versions,
            origin=inherit(origin, found.provenance),
            prune=session.settings.prunes(given.prune),
            action="import",
            is_activated=given.activate,
            if_changed=given.if_changed,
            allow_empty=given.allow_empty,
            skipped=found.skipped,
            recorded={
                "bundle": {
                    "env": found.env,
                    "deployment_id": found.deployment_id,
                    "digest": found.digest,
                    "differences": differences,
                }
            },
        ),
    )


def _compile(database: Database, bundle: Bundle) -> dict[str, str]:
    """Return the artifacts here by those of the bundle, all of them stored."""
    hashes: dict[str, str] = {}
    for batch in compile_order(bundle.artifacts):
        sources = [each.source_ts for each in batch]
        try:
            rows = database.fetch(
                "compile_sources", sources=sources, options=batch[0].compiler_opts
            )
        except SqlError as error:
            if error.sqlstate not in COMPILE_ERRORS:
                raise
            diagnostics = find_bundle_diagnostics(database, bundle, batch)
            raise bundle_does_not_compile(batch, diagnostics) from error
        for each, row in zip(batch, rows, strict=True):
            hashes[each.artifact_hash] = row["artifact_hash"]
    return hashes


def _compare(
    database: Database, bundle: Bundle, hashes: dict[str, str]
) -> tuple[dict[str, FunctionVersion], list[dict[str, object]]]:
    """Return the versions, and where what was compiled differs from the bundle's."""
    rows = database.fetch("compiled_artifacts", hashes=sorted(set(hashes.values())))
    here = {row["artifact_hash"]: row for row in rows}
    differences: list[dict[str, object]] = []
    for artifact in bundle.artifacts:
        row = here[hashes[artifact.artifact_hash]]
        if row["compiled_sha256"] != artifact.compiled_sha256:
            differences.append(
                {
                    "what": "javascript",
                    "artifact_hash": artifact.artifact_hash,
                    "functions": users_of(bundle, artifact),
                    "compiled_by": artifact.compiler_fingerprint,
                    "compiled_here_by": row["compiler_fingerprint"],
                }
            )
    versions: dict[str, FunctionVersion] = {}
    for function in bundle.functions:
        kind = here[hashes[function.artifact_hash]]["kind"] or "mutation"
        if kind != function.kind:
            differences.append(
                {
                    "what": "kind",
                    "artifact_hash": function.artifact_hash,
                    "functions": [function.fn_name],
                    "was": function.kind,
                    "is": kind,
                }
            )
        versions[function.fn_name] = function.version(kind, hashes)
    return versions, differences


def _tell(session: Session, differences: Sequence[dict[str, object]]) -> None:
    for each in differences:
        names = each["functions"] or [each["artifact_hash"]]
        session.log(
            LogLevel.WARN,
            f"the {each['what']} compiled here differs from the bundle's:"
            f" {json.dumps(names, ensure_ascii=False)}",
        )
