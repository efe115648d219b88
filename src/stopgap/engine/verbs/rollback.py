"""rollback: back to a deployment that was active before, with all that was live."""

from __future__ import annotations

from ..environment import known_environment, lock_environment
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
from ..targeting import check_request, rollback_target


def rollback(
    session: Session,
    env: str | None,
    steps: int | None,
    to_id: int | None,
    options: str | None,
) -> int:
    """Go back to an earlier deployment, and return its id.

    An id or a label wins over the steps. Where the deployment named is active
    already, there is nothing to do.
    """
    env = check_env(env)
    given = parse_options(options, known=("to_label", "allow_empty"))
    allow_empty = given.boolean("allow_empty") is True
    to_label = given.text("to_label")
    request = check_request(steps, to_id, to_label)
    require_read_committed(session)
    require_deployer(session)
    require_origin(session)

    lock_environment(session.database, env)
    environment = known_environment(session.database, env)
    ancestor, passed_over = rollback_target(session, environment, request)
    if ancestor.status is Status.ACTIVE:
        outcome = Outcome(ancestor.id, changed=False)
    else:
        outcome = reach(
            session,
            environment,
            goal_of(session.database, ancestor, prune=False),
            action="rollback",
            leaves_behind=Status.ROLLED_BACK,
            allow_empty=allow_empty,
        )
    outcome = outcome._replace(passed_over=passed_over)
    tell_outcome(session, outcome)
    log_activation(session, env, "rollback", outcome)
    return outcome.deployment_id
