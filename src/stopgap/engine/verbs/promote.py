"""promote: what one environment runs becomes what another one runs."""

from __future__ import annotations

from ..activation import check_artifacts
from ..emptiness import refuse_empty
from ..environment import ensure_environment, lock_environments
from ..making import New, make
from ..manifest import DeploymentName
from ..options import parse_making_options
from ..promoting import check_environments, what_runs
from ..provenance import inherit, read_origin
from ..requirements import require_language, require_parameters
from ..session import (
    Session,
    require_deployer,
    require_origin,
    require_read_committed,
)
from ..store import left_behind

_KEYS = ("label", "prune", "if_changed", "allow_empty")


def promote(
    session: Session, from_env: str | None, to_env: str | None, options: str | None
) -> int:
    """Deploy to an environment the artifacts that another one runs.

    Nothing is compiled, and no source schema is looked at. Returns the deployment.
    """
    from_env, to_env = check_environments(from_env, to_env)
    given = parse_making_options(options, known=_KEYS)
    origin = read_origin(given.origin)
    require_read_committed(session)
    require_deployer(session)
    require_origin(session)
    require_language(session)

    database = session.database
    lock_environments(database, from_env, to_env)
    promoted, versions = what_runs(database, from_env)
    refuse_empty(
        f'deployment {promoted.id} of environment "{from_env}"',
        is_empty=not versions,
        allowed=given.allow_empty,
    )
    check_artifacts(database, versions)
    require_parameters(
        database, {name: each.attributes for name, each in versions.items()}
    )
    environment = ensure_environment(
        session, to_env, source_schema=promoted.source_schema
    )
    return make(
        session,
        environment,
        New(
            name=DeploymentName(
                to_env,
                promoted.source_schema,
                environment.live_schema,
                promoted.label if given.label is None else given.label,
            ),
            versions=versions,
            origin=inherit(origin, promoted.provenance),
            prune=session.settings.prunes(given.prune),
            action="promote",
            if_changed=given.if_changed,
            allow_empty=given.allow_empty,
            skipped=left_behind(database, promoted),
            recorded={"promoted_from": {"env": from_env, "deployment_id": promoted.id}},
        ),
    )
