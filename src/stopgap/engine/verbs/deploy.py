"""deploy: from a source schema to a new active deployment, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from ..activation import Activating, activate, plan_for
from ..catalog import unsettable_parameters
from ..compiling import compile_functions
from ..database import Database
from ..environment import ensure_environment, lock_environment
from ..errors import LanguageUsageMissing, SetClauseNotAllowed
from ..manifest import DeploymentName, seal_manifest
from ..names import check_env, quote_parameter
from ..options import parse_deploy_options
from ..plan import Target
from ..scanning import check_source_schema, scan_source
from ..session import Session, require_deployer, require_read_committed
from ..settings import LogLevel
from ..source import SourceFunction
from ..states import Status
from ..store import insert_versions, open_deployment, seal_deployment, what_is_live


def deploy(
    session: Session,
    env: str | None,
    from_schema: str | None,
    label: str | None,
    options: str | None,
) -> int:
    """Deploy a source schema, and return the id of the deployment."""
    env = check_env(env)
    prune = parse_deploy_options(options).prune
    prune = session.settings.prune if prune is None else prune
    require_read_committed(session)
    require_deployer(session)
    _require_language(session)
    source = check_source_schema(session, from_schema)

    database = session.database
    lock_environment(database, env)
    environment = ensure_environment(session, env, source_schema=source.name)
    name = DeploymentName(env, source.name, environment.live_schema, label)
    scan = scan_source(session, source)
    if not scan.deployable:
        session.log(LogLevel.WARN, f'schema "{source.name}" has no deployable function')
    _require_parameters(database, scan.deployable)
    versions = compile_functions(database, source.name, scan.deployable)

    deployment_id = open_deployment(
        database, name, session.caller, previous_id=environment.active_deployment_id
    )
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


def _require_language(session: Session) -> None:
    if session.privileges.owner_has_language:
        return
    raise LanguageUsageMissing(
        "stopgap_owner lacks USAGE on language plts",
        hint="As a superuser: grant usage on language plts to stopgap_owner;",
    )


def _require_parameters(
    database: Database, functions: Sequence[SourceFunction]
) -> None:
    """Refuse SET clauses before CREATE FUNCTION does, which names no function."""
    names = {name for each in functions for name in each.attributes.parameters()}
    refused = unsettable_parameters(database, names)
    if not refused:
        return
    users = [
        each.name
        for each in functions
        if not set(refused).isdisjoint(each.attributes.parameters())
    ]
    parameters = ", ".join(f'"{name}"' for name in refused)
    raise SetClauseNotAllowed(
        f"stopgap_owner may not set {parameters} for live functions",
        detail=f"Functions with such a SET clause: {', '.join(users)}.",
        hint=f"As a superuser: grant set on parameter {quote_parameter(refused[0])}"
        " to stopgap_owner;",
    )
