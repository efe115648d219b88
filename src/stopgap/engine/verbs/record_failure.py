"""record_failure: a deploy that failed leaves a record of why."""

from __future__ import annotations

from ..environment import lock_environment, record_environment
from ..failure import check_failure, failed_manifest
from ..manifest import DeploymentName
from ..names import check_env, check_schema_argument
from ..options import ORIGIN_KEYS, parse_options
from ..provenance import read_origin
from ..session import (
    Session,
    require_deployer,
    require_origin,
    require_read_committed,
)
from ..store import fail_deployment, open_deployment, set_provenance


def record_failure(
    session: Session,
    env: str | None,
    from_schema: str | None,
    error: str | None,
    options: str | None,
) -> int:
    """Record a deployment with the status failed, and return its id.

    The schema need not exist: that may be what was wrong.
    """
    env = check_env(env)
    source_schema = check_schema_argument(from_schema, "from_schema")
    told = check_failure(error)
    given = parse_options(options, known=("label", *ORIGIN_KEYS))
    origin = read_origin(given)
    require_read_committed(session)
    require_deployer(session)
    require_origin(session)

    database = session.database
    lock_environment(database, env)
    environment = record_environment(session, env, source_schema=source_schema)
    name = DeploymentName(
        env, source_schema, environment.live_schema, given.text("label")
    )
    deployment_id = open_deployment(database, name, session.caller)
    set_provenance(database, deployment_id, origin.to_json())
    fail_deployment(database, deployment_id, failed_manifest(name, told))
    return deployment_id
