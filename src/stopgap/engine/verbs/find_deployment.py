"""find_deployment: whether a deploy came to be whose answer was lost."""

from __future__ import annotations

from ..environment import lock_environment
from ..names import check_env
from ..provenance import check_token
from ..session import Session, require_deployer, require_read_committed


def find_deployment(session: Session, env: str | None, token: str | None) -> int | None:
    """Return the deployment that was made with a token, None where there is none.

    The environment's lock is waited for: before, the transaction that was cut off may
    still be about to commit.
    """
    env = check_env(env)
    token = check_token(token)
    require_read_committed(session)
    require_deployer(session)
    lock_environment(session.database, env)
    rows = session.database.fetch("deployment_by_token", env=env, token=token)
    found: int | None = rows[0]["id"]
    return found
