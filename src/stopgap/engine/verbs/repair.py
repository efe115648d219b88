"""repair: the live schema is made again what the active deployment says."""

from __future__ import annotations

import json

from ..activation import Activating, check_artifacts, notify
from ..catalog import default_grantees, read_live_schema
from ..ddl import create_schema, materialize_statements
from ..drift import Drift, find_drift
from ..environment import (
    ensure_live_schema,
    known_environment,
    lock_environment,
    needs_live_schema,
)
from ..errors import NoActiveDeployment
from ..grants import Grants
from ..log_line import log_activation
from ..manifest import render_outcome
from ..materializing import materialize, plan_for, report
from ..names import check_env
from ..options import parse_options
from ..outcome import Outcome, activated, tell_outcome
from ..plan import Materialization, Target, made_before, not_owned
from ..session import Session, require_deployer, require_read_committed
from ..states import Status
from ..store import Environment, known_versions, target_of


def repair(session: Session, env: str | None, options: str | None) -> str:
    """Materialize the active deployment again, with what was retained with it.

    Where the rows of another database say what is active, that is how its deployments
    become live here. Functions that people made in the live schema are theirs to drop.
    Returns what was found and done, as JSON; a dry run does nothing.
    """
    env = check_env(env)
    given = parse_options(options, known=("dry_run",))
    is_dry_run = given.boolean("dry_run") is True
    require_read_committed(session)
    require_deployer(session)

    database = session.database
    if not is_dry_run:
        lock_environment(database, env)
    environment = known_environment(database, env)
    active_id = environment.active_deployment_id
    if active_id is None:
        raise NoActiveDeployment(
            f'environment "{env}" has no active deployment',
            hint="There is nothing to repair: deploy to it.",
        )
    schema = environment.live_schema
    target = target_of(database, active_id)
    check_artifacts(database, target.versions())
    live = read_live_schema(database, schema)
    drift = find_drift(target.versions(), live)
    if drift.given_away:
        raise not_owned(drift.given_away)
    is_new_schema = needs_live_schema(session, schema)
    known = known_versions(database, env, drift.added)
    current = Target({**target.versions(), **made_before(known, target, live)})
    changes = plan_for(session, schema, target, current, drop_obsolete=True)
    grants = Grants(defaults=default_grantees(database, schema))
    ddl = create_schema(schema, grants.defaults) if is_new_schema else []
    for statements in materialize_statements(schema, changes, grants):
        ddl += statements

    if not is_dry_run:
        ensure_live_schema(session, schema)
        outcome = _carry_out(session, environment, active_id, changes)
        tell_outcome(session, outcome)
        log_activation(session, env, "repair", outcome)
    return json.dumps(
        {
            "env": env,
            "live_schema": schema,
            "deployment_id": active_id,
            "dry_run": is_dry_run,
            "changed": bool(ddl),
            **_done(drift, changes),
            "ddl": ddl,
        },
        ensure_ascii=False,
    )


def _carry_out(
    session: Session,
    environment: Environment,
    active_id: int,
    changes: Materialization,
) -> Outcome:
    if changes.is_empty:
        return Outcome(active_id, changed=False)
    logged = session.database.fetch(
        "insert_repair",
        env=environment.env,
        deployment_id=active_id,
        by_role=session.caller.session_role,
        as_role=session.caller.role,
        outcome=render_outcome(changes),
    )
    repair_id = int(logged[0]["id"])
    materialize(session, environment.live_schema, changes, {})
    report(session, changes)
    activating = Activating(
        environment, active_id, Status.ACTIVE, "repair", Status.ACTIVE
    )
    notify(session, activating, repair_id, changes)
    return activated(active_id, active_id, repair_id, changes, changed=True)


def _done(drift: Drift, changes: Materialization) -> dict[str, object]:
    return {
        "created": [each.fn_name for each in changes.create],
        "replaced": [
            {
                "fn_name": each.version.fn_name,
                "changed": list(drift.changed[each.version.fn_name]),
            }
            for each in changes.replace
        ],
        "dropped": [each.name for each in changes.drop],
        # Made by hand, and left alone.
        "left": [name for name in drift.added if name not in _names(changes)],
    }


def _names(changes: Materialization) -> set[str]:
    return {each.name for each in changes.drop}
