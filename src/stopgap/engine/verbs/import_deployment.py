"""import_deployment: a bundle becomes a deployment of this database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from ..bundle import Bundle, BundledArtifact, compile_order, read_bundle
from ..database import Database, SqlError
from ..diagnostics import COMPILE_ERRORS, compiled_text, diagnostics_from_json
from ..environment import ensure_environment, lock_environment
from ..errors import BundleAltered, CompileFailed
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

_KEYS = ("label", "prune", "activate", "if_changed")


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

    database = session.database
    lock_environment(database, env)
    environment = ensure_environment(session, env, source_schema=found.source_schema)
    _check_hashes(database, found)
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


def _check_hashes(database: Database, bundle: Bundle) -> None:
    """Refuse artifacts that are not what their names say.

    The digest tells damage; who makes a digest anew is found out here.
    """
    rows = database.fetch(
        "hashes_of_sources",
        sources=[each.source_ts for each in bundle.artifacts],
        options=[each.compiler_opts for each in bundle.artifacts],
    )
    for artifact, row in zip(bundle.artifacts, rows, strict=True):
        if artifact.artifact_hash != row["artifact_hash"]:
            version = database.fetch("plts_version")[0]["version"]
            raise BundleAltered(
                f"the source of {artifact.artifact_hash} is not what its hash says",
                detail=f"Here it has {row['artifact_hash']}. The bundle was made with"
                f" plts {bundle.plts_version}, this is {version}.",
                hint="JavaScript that was stored without the compiler is not carried.",
            )
        compiled = hashlib.sha256(artifact.compiled_js.encode()).hexdigest()
        if artifact.compiled_sha256 != f"sha256:{compiled}":
            raise BundleAltered(
                f"the JavaScript of {artifact.artifact_hash} is not what its hash says",
                detail=f"It has sha256:{compiled}.",
                hint="It was damaged or changed on its way: get it again.",
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
            raise _compile_failed(database, bundle, batch) from error
        for each, row in zip(batch, rows, strict=True):
            hashes[each.artifact_hash] = row["artifact_hash"]
    return hashes


def _compile_failed(
    database: Database, bundle: Bundle, batch: Sequence[BundledArtifact]
) -> CompileFailed:
    texts = [
        compiled_text(
            " ".join(_users(bundle, each)) or each.artifact_hash,
            each.source_ts.split("\n", 1)[0],
        )
        for each in batch
    ]
    rows = database.fetch(
        "typecheck_sources",
        sources=[each.source_ts for each in batch],
        options=batch[0].compiler_opts,
    )
    diagnostics = diagnostics_from_json(rows[0]["diagnostics"], texts)
    return CompileFailed(
        "the bundle does not compile here",
        detail="\n".join(map(str, diagnostics)),
        hint="It was compiled by " + batch[0].compiler_fingerprint + ".",
    )


def _users(bundle: Bundle, artifact: BundledArtifact) -> list[str]:
    return [
        each.fn_name
        for each in bundle.functions
        if each.artifact_hash == artifact.artifact_hash
    ]


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
                    "functions": _users(bundle, artifact),
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
