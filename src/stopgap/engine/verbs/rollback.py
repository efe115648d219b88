"""rollback: back to a deployment that was active before, with all that was live."""

from __future__ import annotations

from ..activation import Activating, activate, check_artifacts, plan_for
from ..catalog import grantable_now
from ..database import Database
from ..environment import ensure_live_schema, known_environment, lock_environment
from ..errors import NoActiveDeployment
from ..lineage import Ancestor, check_steps, target_by_id, target_by_steps
from ..names import check_env
from ..options import check_no_options
from ..plan import Target
from ..session import Session, require_deployer, require_read_committed
from ..states import Status
from ..store import (
    Environment,
    deployment_status,
    last_activation,
    lineage,
    retained_versions,
    saved_grants,
    versions_of,
    what_is_live,
)


def rollback(
    session: Session,
    env: str | None,
    steps: int | None,
    to_id: int | None,
    options: str | None,
) -> int:
    """Go back to an earlier deployment, and return its id; `to_id` wins."""
    env = check_env(env)
    check_no_options(options)
    if to_id is None:
        steps = check_steps(steps)
    require_read_committed(session)
    require_deployer(session)

    database = session.database
    lock_environment(database, env)
    environment = known_environment(database, env)
    ancestor = _resolve(database, environment, steps, to_id)
    ensure_live_schema(session, environment.live_schema)

    activation = last_activation(database, ancestor.id)
    target = Target(
        deployed=versions_of(database, ancestor.id),
        retained=retained_versions(database, activation),
    )
    check_artifacts(database, target.versions())
    materialization = plan_for(
        session,
        environment,
        target,
        what_is_live(database, environment.active_deployment_id),
        drop_obsolete=True,
    )
    grants = saved_grants(
        database,
        env,
        since=activation.id if activation else 0,
        names=[each.fn_name for each in materialization.create],
    )
    activating = Activating(
        environment, ancestor.id, ancestor.status, "rollback", Status.ROLLED_BACK
    )
    activate(session, activating, materialization, grantable_now(database, grants))
    return ancestor.id


def _resolve(
    database: Database,
    environment: Environment,
    steps: int | None,
    to_id: int | None,
) -> Ancestor:
    env = environment.env
    if to_id is not None:
        return target_by_id(env, to_id, deployment_status(database, env, to_id))
    active_id = environment.active_deployment_id
    if active_id is None:
        raise NoActiveDeployment(
            f'environment "{env}" has no active deployment',
            hint="Deploy to it, or name a deployment of it with to_id.",
        )
    return target_by_steps(
        env, active_id, lineage(database, active_id), check_steps(steps)
    )
