"""Returning: a deployment that was active once is planned to be so again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .activation import Activating, activate, check_artifacts
from .catalog import grantable_now
from .database import Database
from .emptiness import refuse_dropping_all, refuse_leaving_nothing
from .environment import ensure_live_schema
from .grants import Grant
from .lineage import Ancestor
from .materializing import plan_for
from .outcome import Outcome
from .plan import Materialization, Target, is_change
from .session import Session
from .states import Status
from .store import Environment, last_activation, saved_grants, target_of


class Goal(NamedTuple):
    """What a deployment makes live when it is activated, and what it drops for it."""

    deployment_id: int
    status: Status
    target: Target
    drop_obsolete: bool
    # It was active before: going to it restores what was live then.
    is_return: bool


def goal_of(database: Database, ancestor: Ancestor, *, prune: bool) -> Goal:
    """Return what activating a deployment leads to.

    One that was active restores what was live with it, exactly. One that never was
    leaves what it lacks, unless it was sealed to prune.
    """
    return Goal(
        deployment_id=ancestor.id,
        status=ancestor.status,
        target=target_of(database, ancestor.id),
        drop_obsolete=prune or ancestor.status is not Status.SEALED,
        is_return=ancestor.status is not Status.SEALED,
    )


def refuse_emptying(
    env: str, goal: Goal, materialization: Materialization, *, allowed: bool
) -> None:
    """Refuse a goal with which no live function would be left."""
    if goal.is_return:
        refuse_leaving_nothing(env, goal.target, materialization, allowed=allowed)
    else:
        refuse_dropping_all(env, materialization, allowed=allowed)


def grants_of(
    database: Database, env: str, goal: Goal, materialization: Materialization
) -> Mapping[str, tuple[Grant, ...]]:
    """Return the grants of what comes back: those it had when it was dropped last.

    A deployment that never was active brings nothing back.
    """
    activation = last_activation(database, goal.deployment_id)
    if activation is None:
        return {}
    grants = saved_grants(
        database,
        env,
        since=activation.id,
        names=[each.fn_name for each in materialization.create],
    )
    return grantable_now(database, grants)


def reach(
    session: Session,
    environment: Environment,
    goal: Goal,
    *,
    action: str,
    leaves_behind: Status,
    allow_empty: bool,
) -> Outcome:
    """Activate a deployment of an environment that the caller has locked."""
    database = session.database
    ensure_live_schema(session, environment.live_schema)
    check_artifacts(database, goal.target.versions())
    current = target_of(database, environment.active_deployment_id)
    materialization = plan_for(
        session,
        environment.live_schema,
        goal.target,
        current,
        drop_obsolete=goal.drop_obsolete,
    )
    refuse_emptying(environment.env, goal, materialization, allowed=allow_empty)
    return activate(
        session,
        Activating(environment, goal.deployment_id, goal.status, action, leaves_behind),
        materialization,
        grants_of(database, environment.env, goal, materialization),
        changed=is_change(goal.target, current, materialization),
    )
