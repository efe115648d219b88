"""Planned deployments: what making one would do, for every verb that makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .activation import check_artifacts
from .blueprint import (
    Blueprint,
    Obstacles,
    changed_sources,
    render_ddl,
    typescript_diffs,
)
from .bundle import Bundle
from .candidates import candidates_of
from .catalog import (
    default_grantees,
    missing_artifacts,
    namesakes,
    source_functions,
    source_texts,
)
from .compiling import find_diagnostics
from .diagnostics import Diagnostic, compile_failed
from .diff import Candidate, FunctionDiff, diff
from .emptiness import refuse_dropping_all, refuse_empty
from .environment import (
    check_new_live_schema,
    is_unsettled,
    needs_live_schema,
    planned_live_schema,
)
from .errors import SourceSchemaUsageMissing
from .grants import Grants
from .importing import check_hashes, check_without_storing
from .materializing import find_obstacles, plan_changes
from .plan import Target, as_it_is, is_change
from .promoting import check_environments, what_runs
from .requirements import require_language, require_parameters
from .running_ddl import event_triggers
from .scanning import check_source_schema, check_source_usage
from .session import Session, require_origin
from .source import Scan, Skipped, divide, refuse_ambiguous
from .store import find_environment, left_behind, target_of
from .version import FunctionVersion


class Wanted(NamedTuple):
    """What the plan of a new deployment was asked for."""

    env: str
    prune: bool
    allow_empty: bool


class _Made(NamedTuple):
    """What a verb would make a deployment of."""

    action: str
    source_schema: str
    # What it is called where it turns out to hold nothing.
    called: str
    # None where the caller may not look: then nothing can be said of what happens.
    versions: Mapping[str, FunctionVersion] | None
    skipped: tuple[Skipped, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    # The TypeScript that is not stored yet, by hash.
    sources: Mapping[str, str] = {}
    from_env: str | None = None
    # Functions whose code only the verb itself can compile.
    unchecked: tuple[str, ...] = ()


def plan_deploy(session: Session, wanted: Wanted, from_schema: str) -> Blueprint:
    """Return what a deploy of a schema would do."""
    database = session.database
    obstacles = _obstacles(session)
    readable = _scan(session, from_schema, obstacles)
    scan = readable or Scan((), ())
    candidates = candidates_of(database, scan.deployable)
    missing = missing_artifacts(
        database, {each.artifact_hash for each in candidates.values()}
    )
    uncompiled = [
        each
        for each in scan.deployable
        if candidates[each.name].artifact_hash in missing
    ]
    diagnostics = find_diagnostics(database, uncompiled)
    if diagnostics:
        obstacles.found.append(compile_failed(from_schema, diagnostics))
    oids = [each.oid for each in uncompiled]
    texts = source_texts(database, oids) if oids else []
    hashes = [candidates[each.name].artifact_hash for each in uncompiled]
    made = _Made(
        action="deploy",
        source_schema=from_schema,
        called=f'schema "{from_schema}"',
        versions=None
        if readable is None
        else {name: _version(name, each) for name, each in candidates.items()},
        skipped=scan.skipped,
        diagnostics=diagnostics,
        sources=dict(zip(hashes, texts, strict=True)),
    )
    return _plan(session, wanted, made, obstacles)


def plan_promotion(session: Session, wanted: Wanted, from_env: str) -> Blueprint:
    """Return what a promotion from another environment would do."""
    database = session.database
    check_environments(from_env, wanted.env)
    promoted, versions = what_runs(database, from_env)
    obstacles = _obstacles(session)
    with obstacles.collected():
        check_artifacts(database, versions)
    made = _Made(
        action="promote",
        source_schema=promoted.source_schema,
        called=f'deployment {promoted.id} of environment "{from_env}"',
        versions=versions,
        skipped=left_behind(database, promoted),
        from_env=from_env,
    )
    return _plan(session, wanted, made, obstacles)


def plan_import(session: Session, wanted: Wanted, bundle: Bundle) -> Blueprint:
    """Return what the import of a bundle would do."""
    database = session.database
    obstacles = _obstacles(session)
    with obstacles.collected():
        check_source_usage(session, bundle.source_schema)
    with obstacles.collected():
        check_hashes(database, bundle)
    diagnostics, refusal, unchecked = check_without_storing(database, bundle)
    if refusal is not None:
        obstacles.found.append(refusal)
    # An artifact has here the hash that it has there, or is refused.
    hashes = {each.artifact_hash: each.artifact_hash for each in bundle.artifacts}
    made = _Made(
        action="import",
        source_schema=bundle.source_schema,
        called="the bundle",
        versions={
            each.fn_name: each.version(each.kind, hashes) for each in bundle.functions
        },
        skipped=bundle.skipped,
        diagnostics=diagnostics,
        sources={each.artifact_hash: each.source_ts for each in bundle.artifacts},
        unchecked=tuple(unchecked),
    )
    return _plan(session, wanted, made, obstacles)


def _obstacles(session: Session) -> Obstacles:
    obstacles = Obstacles()
    with obstacles.collected():
        require_origin(session)
    with obstacles.collected():
        require_language(session)
    return obstacles


def _plan(
    session: Session, wanted: Wanted, made: _Made, obstacles: Obstacles
) -> Blueprint:
    database, env = session.database, wanted.env
    environment = find_environment(database, env)
    if environment is None or is_unsettled(session, environment):
        schema = planned_live_schema(session, env)
    else:
        schema = environment.live_schema
    is_new_schema = False
    with obstacles.collected():
        if environment is None or environment.live_schema != schema:
            check_new_live_schema(session, schema, made.source_schema)
        is_new_schema = needs_live_schema(session, schema)
    versions = made.versions or {}
    with obstacles.collected():
        require_parameters(
            database, {name: each.attributes for name, each in versions.items()}
        )
    active_id = environment.active_deployment_id if environment else None
    current = target_of(database, active_id)
    if made.versions is None:
        # What cannot be seen is not gone.
        target, changes = current, as_it_is(current)
        functions: tuple[FunctionDiff, ...] = ()
    else:
        target = Target(made.versions)
        changes = plan_changes(
            database, schema, target, current, drop_obsolete=wanted.prune
        )
        functions = diff(current.deployed, made.versions)
        with obstacles.collected():
            refuse_empty(
                made.called,
                is_empty=not made.versions,
                skipped=made.skipped,
                allowed=wanted.allow_empty,
            )
            refuse_dropping_all(env, changes, allowed=wanted.allow_empty)
    obstacles.found += find_obstacles(database, changes)
    grants = Grants(defaults=default_grantees(database, schema))
    ddl = render_ddl(schema, changes, grants, is_new_schema=is_new_schema)
    return Blueprint(
        action=made.action,
        env=env,
        live_schema=schema,
        active_deployment_id=active_id,
        deployment_id=None,
        source_schema=made.source_schema,
        changed=is_change(target, current, changes),
        functions=functions,
        typescript=typescript_diffs(
            functions, changed_sources(database, functions, made.sources)
        ),
        skipped=made.skipped,
        prune=wanted.prune,
        materialization=changes,
        ddl=ddl,
        event_triggers=tuple(event_triggers(database, ddl)),
        diagnostics=made.diagnostics,
        obstacles=obstacles,
        from_env=made.from_env,
        unchecked=made.unchecked,
    )


def _scan(session: Session, from_schema: str, obstacles: Obstacles) -> Scan | None:
    """Return what the source schema holds; None where the caller may not look."""
    scan: Scan | None = None
    with obstacles.collected(SourceSchemaUsageMissing):
        source = check_source_schema(session, from_schema)
        scan = divide(source_functions(session.database, source.oid))
        with obstacles.collected():
            refuse_ambiguous(scan.deployable, namesakes(session.database, source.oid))
    return scan


def _version(name: str, candidate: Candidate) -> FunctionVersion:
    """Return a candidate as a version; what kind it is only its compilation tells."""
    return FunctionVersion(
        fn_name=name,
        kind="mutation",
        artifact_hash=candidate.artifact_hash,
        pointer=candidate.pointer,
        attributes=candidate.attributes,
    )
