"""plan: what a deploy, a rollback or an activation would do, and nothing done."""

from __future__ import annotations

from collections.abc import Mapping

from ..activation import check_artifacts
from ..blueprint import Blueprint, Obstacles, has_changed_code, typescript_diffs
from ..candidates import candidates_of
from ..catalog import (
    artifact_sources,
    missing_artifacts,
    namesakes,
    source_functions,
    source_texts,
)
from ..compiling import find_diagnostics
from ..database import Database
from ..ddl import create_schema, materialize_statements
from ..diagnostics import compile_failed
from ..diff import Candidate, FunctionDiff, diff
from ..environment import (
    check_new_live_schema,
    is_unsettled,
    known_environment,
    needs_live_schema,
    planned_live_schema,
)
from ..errors import InvalidArgument, InvalidOption, SourceSchemaUsageMissing
from ..grants import Grant
from ..json_text import to_json
from ..lineage import Ancestor
from ..materializing import find_obstacles, plan_changes
from ..names import check_env
from ..options import Options, check_keys, parse_options
from ..plan import Materialization, Target, as_it_is, is_change
from ..requirements import require_language, require_parameters
from ..returning import Goal, goal_of, grants_of
from ..scanning import check_source_schema
from ..session import Session, require_origin, require_reader
from ..source import Scan, SourceFunction, divide, refuse_ambiguous
from ..store import Environment, find_environment, target_of
from ..targeting import activation_target, check_request, rollback_target
from ..version import FunctionVersion

_CHOICE = 'Name from_schema, or an option: "rollback" or "activate".'


def plan(
    session: Session, env: str | None, from_schema: str | None, options: str | None
) -> str:
    """Return the plan's JSON.

    A mistake in the call is an error, as it is of the verb; what else would keep the
    verb from its work is part of the plan, all of it.
    """
    env = check_env(env)
    given = parse_options(options, known=("prune", "rollback", "activate"))
    rollback, activate = given.object("rollback"), given.integer("activate")
    named = [each is not None for each in (from_schema, rollback, activate)]
    if not any(named):
        raise InvalidArgument("there is nothing to plan", hint=_CHOICE)
    if sum(named) > 1:
        raise InvalidOption(
            'from_schema, "rollback" and "activate" exclude each other', hint=_CHOICE
        )
    require_reader(session)
    if from_schema is not None:
        prune = session.settings.prunes(given.boolean("prune"))
        blueprint = _plan_deploy(session, env, from_schema, prune=prune)
    elif given.boolean("prune") is not None:
        raise InvalidOption('option "prune" is for the plan of a deploy')
    else:
        environment = known_environment(session.database, env)
        if rollback is not None:
            keys = check_keys(rollback, known=("steps", "to_id", "to_label"))
            ancestor, prune = _rollback_target(session, environment, keys), False
        else:
            found = activation_target(session.database, environment, activate)
            ancestor, prune = Ancestor(found.id, found.status), found.prune
        blueprint = _plan_return(
            session,
            environment,
            goal_of(session.database, ancestor, prune=prune),
            action="activate" if rollback is None else "rollback",
        )
    return to_json(blueprint.to_json())


def _rollback_target(
    session: Session, environment: Environment, keys: Options
) -> Ancestor:
    steps = keys.integer("steps")
    request = check_request(
        1 if steps is None else steps, keys.integer("to_id"), keys.text("to_label")
    )
    return rollback_target(session, environment, request)


def _plan_deploy(
    session: Session, env: str, from_schema: str, *, prune: bool
) -> Blueprint:
    database = session.database
    obstacles = Obstacles()
    with obstacles.collected():
        require_origin(session)
    with obstacles.collected():
        require_language(session)
    environment = find_environment(database, env)
    if environment is None or is_unsettled(session, environment):
        schema = planned_live_schema(session, env)
    else:
        schema = environment.live_schema
    is_new_schema = False
    with obstacles.collected():
        if environment is None or environment.live_schema != schema:
            check_new_live_schema(session, schema, from_schema)
        is_new_schema = needs_live_schema(session, schema)

    readable = _scan(session, from_schema, obstacles)
    scan = readable or Scan((), ())
    with obstacles.collected():
        require_parameters(
            database, {each.name: each.attributes for each in scan.deployable}
        )
    candidates = candidates_of(database, scan.deployable)
    hashes = {each.artifact_hash for each in candidates.values()}
    missing = missing_artifacts(database, hashes)
    uncompiled = [
        each
        for each in scan.deployable
        if candidates[each.name].artifact_hash in missing
    ]
    diagnostics = find_diagnostics(database, uncompiled)
    if diagnostics:
        obstacles.found.append(compile_failed(from_schema, diagnostics))

    active_id = environment.active_deployment_id if environment else None
    current = target_of(database, active_id)
    if readable is None:
        # What cannot be seen is not gone: nothing can be said of what would happen.
        target, changes = current, as_it_is(current)
        functions: tuple[FunctionDiff, ...] = ()
    else:
        target = Target({name: _version(name, c) for name, c in candidates.items()})
        changes = plan_changes(database, schema, target, current, drop_obsolete=prune)
        functions = diff(current.deployed, candidates)
    obstacles.found += find_obstacles(database, changes)
    return Blueprint(
        action="deploy",
        env=env,
        live_schema=schema,
        active_deployment_id=active_id,
        deployment_id=None,
        source_schema=from_schema,
        changed=is_change(target, current, changes),
        functions=functions,
        typescript=typescript_diffs(
            functions, _sources(database, functions, uncompiled, candidates)
        ),
        skipped=scan.skipped,
        prune=prune,
        materialization=changes,
        ddl=_ddl(schema, changes, {}, is_new_schema=is_new_schema),
        diagnostics=diagnostics,
        obstacles=obstacles,
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


def _plan_return(
    session: Session, environment: Environment, goal: Goal, *, action: str
) -> Blueprint:
    database = session.database
    obstacles = Obstacles()
    is_new_schema = False
    with obstacles.collected():
        require_origin(session)
    with obstacles.collected():
        is_new_schema = needs_live_schema(session, environment.live_schema)
    with obstacles.collected():
        check_artifacts(database, goal.target.versions())
    active_id = environment.active_deployment_id
    current = target_of(database, active_id)
    if goal.deployment_id == active_id:
        # Nothing is done to what runs already, drifted or not.
        changes = as_it_is(current)
        is_new_schema = False
    else:
        changes = plan_changes(
            database,
            environment.live_schema,
            goal.target,
            current,
            drop_obsolete=goal.drop_obsolete,
        )
    obstacles.found += find_obstacles(database, changes)
    functions = diff(current.deployed, goal.target.deployed)
    return Blueprint(
        action=action,
        env=environment.env,
        live_schema=environment.live_schema,
        active_deployment_id=active_id,
        deployment_id=goal.deployment_id,
        source_schema=None,
        changed=is_change(goal.target, current, changes),
        functions=functions,
        typescript=typescript_diffs(functions, _sources(database, functions, (), {})),
        skipped=(),
        prune=goal.drop_obsolete,
        materialization=changes,
        ddl=_ddl(
            environment.live_schema,
            changes,
            grants_of(database, environment.env, goal, changes),
            is_new_schema=is_new_schema,
        ),
        diagnostics=(),
        obstacles=obstacles,
    )


def _version(name: str, candidate: Candidate) -> FunctionVersion:
    """Return a candidate as a version; what kind it is only its compilation tells."""
    return FunctionVersion(
        fn_name=name,
        kind="mutation",
        artifact_hash=candidate.artifact_hash,
        pointer=candidate.pointer,
        attributes=candidate.attributes,
    )


def _ddl(
    schema: str,
    changes: Materialization,
    saved_grants: Mapping[str, tuple[Grant, ...]],
    *,
    is_new_schema: bool,
) -> tuple[str, ...]:
    statements = create_schema(schema) if is_new_schema else []
    for batch in materialize_statements(schema, changes, saved_grants):
        statements += batch
    return tuple(statements)


def _sources(
    database: Database,
    functions: tuple[FunctionDiff, ...],
    uncompiled: list[SourceFunction] | tuple[()],
    candidates: Mapping[str, Candidate],
) -> dict[str, str]:
    """Return the TypeScript of both sides of changed functions, by hash."""
    changed = {each.fn_name: each for each in functions if has_changed_code(each)}
    if not changed:
        return {}
    stored = artifact_sources(
        database,
        (
            artifact_hash
            for each in changed.values()
            for artifact_hash in (
                each.active_artifact_hash,
                each.candidate_artifact_hash,
            )
            if artifact_hash is not None
        ),
    )
    wanted = [each for each in uncompiled if each.name in changed]
    written = source_texts(database, [each.oid for each in wanted]) if wanted else []
    hashes = (candidates[each.name].artifact_hash for each in wanted)
    return {**stored, **dict(zip(hashes, written, strict=True))}
