"""deploy: from a source schema to a new active deployment, in one transaction."""

from __future__ import annotations

from ..activation import Activating, activate, plan_for
from ..compiling import compile_functions
from ..environment import ensure_environment, lock_environment
from ..manifest import DeploymentName, seal_manifest
from ..names import check_env
from ..options import parse_deploy_options
from ..plan import Target
from ..provenance import read_origin
from ..requirements import require_language, require_parameters
from ..scanning import check_source_schema, scan_source
from ..session import Session, require_deployer, require_read_committed
from ..settings import LogLevel
from ..states import Status
from ..store import (
    insert_versions,
    open_deployment,
    seal_deployment,
    set_provenance,
    what_is_live,
)


def deploy(
    session: Session,
    env: str | None,
    from_schema: str | None,
    label: str | None,
    options: str | None,
) -> int:
    """Deploy a source schema, and return the id of the deployment."""
    env = check_env(env)
    given = parse_deploy_options(options)
    origin = read_origin(given.origin)
    prune = given.prune
    prune = session.settings.prune if prune is None else prune
    require_read_committed(session)
    require_deployer(session)
    require_language(session)
    source = check_source_schema(session, from_schema)

    database = session.database
    lock_environment(database, env)
    environment = ensure_environment(session, env, source_schema=source.name)
    name = DeploymentName(env, source.name, environment.live_schema, label)
    scan = scan_source(session, source)
    if not scan.deployable:
        session.log(LogLevel.WARN, f'schema "{source.name}" has no deployable function')
    require_parameters(
        database, {each.name: each.attributes for each in scan.deployable}
    )
    versions = compile_functions(database, source.name, scan.deployable)

    deployment_id = open_deployment(
        database, name, session.caller, previous_id=environment.active_deployment_id
    )
    set_provenance(database, deployment_id, origin.to_json())
    insert_versions(database, deployment_id, name, list(versions.values()))
    materialization = plan_for(
        session,
        environment,
        Target(versions),
        what_is_live(database, environment.active_deployment_id),
        drop_obsolete=prune,
    )
    seal_deployment(
        database,
        deployment_id,
        seal_manifest(name, scan.skipped, materialization, prune=prune),
    )
    activating = Activating(
        environment, deployment_id, Status.SEALED, "deploy", Status.SUPERSEDED
    )
    activate(session, activating, materialization, saved_grants={})
    return deployment_id
