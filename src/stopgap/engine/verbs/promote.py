"""promote: what one environment runs becomes what another one runs."""

from __future__ import annotations

from ..activation import check_artifacts
from ..environment import ensure_environment, known_environment, lock_environments
from ..errors import InvalidArgument, NoActiveDeployment
from ..making import New, make
from ..manifest import DeploymentName
from ..names import check_env
from ..options import parse_making_options
from ..provenance import inherit, read_origin
from ..requirements import require_language, require_parameters
from ..session import (
    Session,
    require_deployer,
    require_origin,
    require_read_committed,
)
from ..store import known_deployment, versions_of

_KEYS = ("label", "prune", "if_changed")


def promote(
    session: Session, from_env: str | None, to_env: str | None, options: str | None
) -> int:
    """Deploy to an environment the artifacts that another one runs.

    Nothing is compiled, and no source schema is looked at. Returns the deployment.
    """
    from_env, to_env = check_env(from_env), check_env(to_env)
    if from_env == to_env:
        raise InvalidArgument(
            "from_env and to_env must not be the same", detail=f'Both are "{to_env}".'
        )
    given = parse_making_options(options, known=_KEYS)
    origin = read_origin(given.origin)
    require_read_committed(session)
    require_deployer(session)
    require_origin(session)
    require_language(session)

    database = session.database
    lock_environments(database, from_env, to_env)
    source = known_environment(database, from_env)
    if source.active_deployment_id is None:
        raise NoActiveDeployment(
            f'environment "{from_env}" has no active deployment',
            hint="Deploy to it first: what is promoted is what it runs.",
        )
    promoted = known_deployment(database, from_env, source.active_deployment_id)
    versions = {
        name: each._replace(deployment_id=None)
        for name, each in versions_of(database, promoted.id).items()
    }
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
            recorded={"promoted_from": {"env": from_env, "deployment_id": promoted.id}},
        ),
    )
