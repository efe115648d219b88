"""deploy: from a source schema to a new active deployment, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from ..activation import Activating, activate
from ..compiling import compile_functions
from ..database import Severity
from ..environment import ensure_environment, lock_environment
from ..manifest import DeploymentName, seal_manifest
from ..materializing import plan_for
from ..names import check_env
from ..options import parse_deploy_options
from ..outcome import Outcome, tell_outcome
from ..plan import Materialization, Target, is_change
from ..provenance import Origin, read_origin
from ..requirements import require_language, require_parameters
from ..scanning import check_source_schema, scan_source
from ..session import Session, require_deployer, require_read_committed
from ..settings import LogLevel
from ..source import Skipped
from ..states import Status
from ..store import (
    Environment,
    insert_versions,
    open_deployment,
    seal_deployment,
    set_provenance,
    target_of,
)
from ..version import Versions, same_functions


@dataclass(frozen=True, slots=True)
class _New:
    """A deployment about to be made, and what activating it would do."""

    name: DeploymentName
    versions: Versions
    skipped: tuple[Skipped, ...]
    prune: bool
    # Empty for one that is not activated: what it does, its activation will plan.
    materialization: Materialization
    # Whether it differs from what is active.
    changed: bool
    origin: Origin


def deploy(
    session: Session,
    env: str | None,
    from_schema: str | None,
    label: str | None,
    options: str | None,
) -> int:
    """Deploy a source schema, and return the id of the deployment.

    That of the active one where it was asked to do nothing if nothing changed.
    """
    env = check_env(env)
    given = parse_deploy_options(options)
    origin = read_origin(given.origin)
    prune = session.settings.prune if given.prune is None else given.prune
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

    target = Target(versions)
    current = target_of(database, environment.active_deployment_id)
    if given.activate:
        materialization = plan_for(
            session, environment.live_schema, target, current, drop_obsolete=prune
        )
        changed = is_change(target, current, materialization)
    else:
        materialization = Materialization()
        changed = not same_functions(versions, current.deployed)
    new = _New(name, versions, scan.skipped, prune, materialization, changed, origin)

    active_id = environment.active_deployment_id
    if given.if_changed and not changed and active_id is not None:
        database.say(
            Severity.NOTICE,
            f'nothing changed: environment "{env}" runs deployment {active_id} already',
        )
        outcome = Outcome(active_id, changed=False)
    else:
        outcome = _make(session, environment, new, is_activated=given.activate)
    tell_outcome(database, outcome)
    return outcome.deployment_id


def _make(
    session: Session, environment: Environment, new: _New, *, is_activated: bool
) -> Outcome:
    database = session.database
    deployment_id = open_deployment(database, new.name, session.caller)
    set_provenance(database, deployment_id, new.origin.to_json())
    insert_versions(database, deployment_id, new.name, list(new.versions.values()))
    manifest = seal_manifest(
        new.name, new.skipped, new.materialization, prune=new.prune
    )
    seal_deployment(database, deployment_id, manifest)
    if not is_activated:
        return Outcome(deployment_id, changed=new.changed)
    activating = Activating(
        environment, deployment_id, Status.SEALED, "deploy", Status.SUPERSEDED
    )
    return activate(session, activating, new.materialization, {}, changed=new.changed)
