"""activate: a deployment that is sealed, or was active before, becomes active."""

from __future__ import annotations

from ..environment import known_environment, lock_environment
from ..lineage import Ancestor
from ..log_line import log_activation
from ..names import check_env
from ..options import parse_options
from ..outcome import Outcome, tell_outcome
from ..returning import goal_of, reach
from ..session import (
    Session,
    require_deployer,
    require_origin,
    require_read_committed,
)
from ..states import Status
from ..targeting import activation_target


def activate(
    session: Session, env: str | None, deployment_id: int | None, options: str | None
) -> int:
    """Activate a deployment, and return its id; the active one is left as it is."""
    env = check_env(env)
    given = parse_options(options, known=("allow_empty",))
    allow_empty = given.boolean("allow_empty") is True
    require_read_committed(session)
    require_deployer(session)
    require_origin(session)

    database = session.database
    lock_environment(database, env)
    environment = known_environment(database, env)
    found = activation_target(database, environment, deployment_id)
    if found.status is Status.ACTIVE:
        outcome = Outcome(found.id, changed=False)
    else:
        outcome = reach(
            session,
            environment,
            goal_of(database, Ancestor(found.id, found.status), prune=found.prune),
            action="activate",
            leaves_behind=Status.SUPERSEDED,
            allow_empty=allow_empty,
        )
    tell_outcome(session, outcome)
    log_activation(session, env, "activate", outcome)
    return outcome.deployment_id
