"""Making: a new deployment of functions whose artifacts are stored, for every verb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .activation import Activating, activate
from .database import Severity
from .emptiness import refuse_dropping_all
from .log_line import log_activation
from .manifest import DeploymentName, seal_manifest
from .materializing import plan_for
from .outcome import Outcome, tell_outcome
from .plan import Materialization, Target, is_change
from .provenance import Origin
from .session import Session
from .source import Skipped
from .states import Status
from .store import (
    Environment,
    insert_versions,
    open_deployment,
    seal_deployment,
    set_provenance,
    target_of,
)
from .version import Versions, same_functions


class New(NamedTuple):
    """A deployment about to be made."""

    name: DeploymentName
    versions: Versions
    origin: Origin
    prune: bool
    action: str
    # Off: it is sealed, for stopgap.activate() to make it active.
    is_activated: bool = True
    # Make none where it would be what is active already.
    if_changed: bool = False
    allow_empty: bool = False
    skipped: tuple[Skipped, ...] = ()
    # What the engine adds to the provenance.
    recorded: Mapping[str, object] = {}


def make(session: Session, environment: Environment, new: New) -> int:
    """Make a deployment in an environment that the caller has locked.

    Returns its id, or that of the active one where there was nothing to do.
    """
    database = session.database
    target = Target(new.versions)
    current = target_of(database, environment.active_deployment_id)
    if new.is_activated:
        materialization = plan_for(
            session, environment.live_schema, target, current, drop_obsolete=new.prune
        )
        refuse_dropping_all(environment.env, materialization, allowed=new.allow_empty)
        changed = is_change(target, current, materialization)
    else:
        # What it does to the live schema, its activation will plan.
        materialization = Materialization()
        changed = not same_functions(new.versions, current.deployed)

    active_id = environment.active_deployment_id
    if new.if_changed and not changed and active_id is not None:
        database.say(
            Severity.NOTICE,
            f'nothing changed: environment "{environment.env}" runs deployment'
            f" {active_id} already",
        )
        outcome = Outcome(active_id, changed=False)
    else:
        outcome = _made(session, environment, new, materialization, changed=changed)
    tell_outcome(session, outcome)
    log_activation(session, environment.env, new.action, outcome)
    return outcome.deployment_id


def _made(
    session: Session,
    environment: Environment,
    new: New,
    materialization: Materialization,
    *,
    changed: bool,
) -> Outcome:
    database = session.database
    deployment_id = open_deployment(database, new.name, session.caller)
    set_provenance(database, deployment_id, new.origin.to_json(**new.recorded))
    insert_versions(database, deployment_id, new.name, list(new.versions.values()))
    manifest = seal_manifest(new.name, new.skipped, materialization, prune=new.prune)
    seal_deployment(database, deployment_id, manifest)
    if not new.is_activated:
        return Outcome(deployment_id, changed=changed)
    activating = Activating(
        environment, deployment_id, Status.SEALED, new.action, Status.SUPERSEDED
    )
    return activate(session, activating, materialization, {}, changed=changed)
