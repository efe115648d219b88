"""Importing: a bundle's artifacts, checked against their hashes and by the compiler."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from .bundle import Bundle, BundledArtifact, compile_order
from .catalog import missing_artifacts
from .database import Database
from .diagnostics import Diagnostic, compiled_text, diagnostics_from_json
from .errors import BundleAltered, CompileFailed


def check_hashes(database: Database, bundle: Bundle) -> None:
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


def users_of(bundle: Bundle, artifact: BundledArtifact) -> list[str]:
    """Return the functions of a bundle whose code an artifact is."""
    return [
        each.fn_name
        for each in bundle.functions
        if each.artifact_hash == artifact.artifact_hash
    ]


def find_bundle_diagnostics(
    database: Database, bundle: Bundle, batch: Sequence[BundledArtifact]
) -> tuple[Diagnostic, ...]:
    """Return all that is wrong with artifacts that are compiled together."""
    texts = [
        compiled_text(
            " ".join(users_of(bundle, each)) or each.artifact_hash,
            each.source_ts.split("\n", 1)[0],
        )
        for each in batch
    ]
    rows = database.fetch(
        "typecheck_sources",
        sources=[each.source_ts for each in batch],
        options=batch[0].compiler_opts,
    )
    return diagnostics_from_json(rows[0]["diagnostics"], texts)


def bundle_does_not_compile(
    batch: Sequence[BundledArtifact], diagnostics: Sequence[Diagnostic]
) -> CompileFailed:
    """Return the refusal of a bundle that the compiler here finds wrong."""
    return CompileFailed(
        "the bundle does not compile here",
        detail="\n".join(map(str, diagnostics)),
        hint="It was compiled by " + batch[0].compiler_fingerprint + ".",
    )


def check_without_storing(
    database: Database, bundle: Bundle
) -> tuple[tuple[Diagnostic, ...], CompileFailed | None, list[str]]:
    """Return what the compiler says, as a refusal too, and what it cannot look at.

    An artifact that imports one which is not stored here is compiled only by the
    import, which stores that first; the functions whose code it is are named.
    """
    missing = missing_artifacts(
        database, (each.artifact_hash for each in bundle.artifacts)
    )
    found: list[Diagnostic] = []
    refusal: CompileFailed | None = None
    unchecked: list[str] = []
    for batch in compile_order(bundle.artifacts):
        waiting = [each for each in batch if each.artifact_hash in missing]
        ready = [
            each for each in waiting if missing.isdisjoint(each.imported_artifacts())
        ]
        for each in waiting:
            if each not in ready:
                unchecked += users_of(bundle, each)
        diagnostics = find_bundle_diagnostics(database, bundle, ready) if ready else ()
        if diagnostics:
            found += diagnostics
            refusal = refusal or bundle_does_not_compile(ready, diagnostics)
    return tuple(found), refusal, sorted(unchecked)
