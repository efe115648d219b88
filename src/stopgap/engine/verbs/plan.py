"""plan: what a verb that changes an environment would do, and nothing done."""

from __future__ import annotations

import json

from ..activation import check_artifacts
from ..blueprint import (
    Blueprint,
    Obstacles,
    changed_sources,
    render_ddl,
    typescript_diffs,
)
from ..bundle import read_bundle
from ..catalog import default_grantees
from ..diff import diff
from ..environment import known_environment, needs_live_schema
from ..errors import InvalidArgument, InvalidOption
from ..grants import Grants
from ..json_text import to_json
from ..lineage import Ancestor
from ..materializing import find_obstacles, plan_changes
from ..names import check_env
from ..options import Options, check_keys, parse_options
from ..plan import as_it_is, is_change
from ..planned_making import Wanted, plan_deploy, plan_import, plan_promotion
from ..returning import Goal, goal_of, grants_of, refuse_emptying
from ..running_ddl import event_triggers
from ..session import Session, require_origin, require_reader
from ..store import Environment, target_of
from ..targeting import Destination, activation_target, check_request, rollback_target

_MAKING = ("promote", "import")
_RETURNING = ("rollback", "activate")
_CHOICE = (
    'Name from_schema, or an option: "promote", "import", "rollback" or "activate".'
)


def plan(
    session: Session, env: str | None, from_schema: str | None, options: str | None
) -> str:
    """Return the plan's JSON.

    A mistake in the call is an error, as it is of the verb; what else would keep the
    verb from its work is part of the plan, all of it.
    """
    env = check_env(env)
    given = parse_options(
        options, known=("prune", "allow_empty", *_MAKING, *_RETURNING)
    )
    verb = _verb(from_schema, given)
    if verb in _RETURNING and given.boolean("prune") is not None:
        raise InvalidOption('option "prune" is for plans of new deployments')
    require_reader(session)
    if verb in _RETURNING:
        environment = known_environment(session.database, env)
        blueprint = _plan_return(session, environment, given)
    else:
        wanted = Wanted(
            env,
            prune=session.settings.prunes(given.boolean("prune")),
            allow_empty=given.boolean("allow_empty") is True,
        )
        blueprint = _plan_making(session, wanted, from_schema, given)
    return to_json(blueprint.to_json())


def _verb(from_schema: str | None, given: Options) -> str:
    """Return the one verb that is to be planned."""
    named = [
        verb for verb in (*_MAKING, *_RETURNING) if given.values.get(verb) is not None
    ]
    if from_schema is not None:
        named.append("deploy")
    if not named:
        raise InvalidArgument("there is nothing to plan", hint=_CHOICE)
    if len(named) > 1:
        raise InvalidOption(
            'from_schema, "promote", "import", "rollback" and "activate" exclude each'
            " other",
            hint=_CHOICE,
        )
    return named[0]


def _plan_making(
    session: Session, wanted: Wanted, from_schema: str | None, given: Options
) -> Blueprint:
    if from_schema is not None:
        return plan_deploy(session, wanted, from_schema)
    from_env = given.text("promote")
    if from_env is not None:
        return plan_promotion(session, wanted, from_env)
    bundle = read_bundle(json.dumps(given.object("import"), ensure_ascii=False))
    return plan_import(session, wanted, bundle)


def _rollback_target(
    session: Session, environment: Environment, keys: Options
) -> Destination:
    steps = keys.integer("steps")
    request = check_request(
        1 if steps is None else steps, keys.integer("to_id"), keys.text("to_label")
    )
    return rollback_target(session, environment, request)


def _plan_return(
    session: Session, environment: Environment, given: Options
) -> Blueprint:
    database = session.database
    rollback = given.object("rollback")
    if rollback is not None:
        keys = check_keys(rollback, known=("steps", "to_id", "to_label"))
        ancestor, passed_over = _rollback_target(session, environment, keys)
        goal = goal_of(database, ancestor, prune=False)
    else:
        found = activation_target(database, environment, given.integer("activate"))
        passed_over = ()
        goal = goal_of(database, Ancestor(found.id, found.status), prune=found.prune)
    planned = _plan_goal(
        session,
        environment,
        goal,
        action="activate" if rollback is None else "rollback",
        allow_empty=given.boolean("allow_empty") is True,
    )
    return planned._replace(passed_over=passed_over)


def _plan_goal(
    session: Session,
    environment: Environment,
    goal: Goal,
    *,
    action: str,
    allow_empty: bool,
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
        with obstacles.collected():
            refuse_emptying(environment.env, goal, changes, allowed=allow_empty)
    obstacles.found += find_obstacles(database, changes)
    functions = diff(current.deployed, goal.target.deployed)
    ddl = render_ddl(
        environment.live_schema,
        changes,
        Grants(
            grants_of(database, environment.env, goal, changes),
            default_grantees(database, environment.live_schema),
        ),
        is_new_schema=is_new_schema,
    )
    return Blueprint(
        action=action,
        env=environment.env,
        live_schema=environment.live_schema,
        active_deployment_id=active_id,
        deployment_id=goal.deployment_id,
        source_schema=None,
        changed=is_change(goal.target, current, changes),
        functions=functions,
        typescript=typescript_diffs(functions, changed_sources(database, functions)),
        skipped=(),
        prune=goal.drop_obsolete,
        materialization=changes,
        ddl=ddl,
        event_triggers=tuple(event_triggers(database, ddl)),
        diagnostics=(),
        obstacles=obstacles,
    )
