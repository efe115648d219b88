"""Activation: what all verbs that change what runs have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from .catalog import missing_artifacts
from .database import Database
from .errors import ArtifactMissing
from .grants import Grant
from .manifest import render_outcome
from .materializing import materialize, report, report_hand_edits
from .outcome import Outcome, activated
from .plan import Materialization
from .session import Session
from .states import Status
from .store import Environment, activate_first, set_status
from .version import Versions
from .words import counted

_CHANNEL = "stopgap"
# PostgREST listens here, and learns of functions that came and went.
_POSTGREST_CHANNEL = "pgrst"
_RELOAD = "reload schema"


class Activating(NamedTuple):
    """A deployment on its way to be the active one."""

    environment: Environment
    deployment_id: int
    # sealed for a new one, superseded or rolled_back for one that returns.
    status: Status
    action: str
    # What the deployment that was active becomes.
    leaves_behind: Status


def check_artifacts(database: Database, versions: Versions) -> None:
    """Refuse versions whose artifacts are gone: their pointers would lead nowhere."""
    missing = missing_artifacts(
        database, (each.artifact_hash for each in versions.values())
    )
    if not missing:
        return
    names = [name for name, v in sorted(versions.items()) if v.artifact_hash in missing]
    raise ArtifactMissing(
        f"plts.artifact lacks the code of {counted(len(names), 'function')}",
        detail="They are: " + ", ".join(f'"{name}"' for name in names) + ".",
        hint="Restore the rows of plts.artifact, or deploy the functions again.",
    )


def activate(
    session: Session,
    activating: Activating,
    materialization: Materialization,
    saved_grants: Mapping[str, tuple[Grant, ...]],
    *,
    changed: bool = True,
) -> Outcome:
    """Make a deployment the active one, and its live schema say so.

    The DDL is last: it is what other sessions can collide with, and then least is
    left to do while its locks are held.
    """
    database = session.database
    environment = activating.environment
    _move_statuses(database, activating)
    logged = database.fetch(
        "insert_activation",
        env=environment.env,
        from_id=environment.active_deployment_id,
        to_id=activating.deployment_id,
        by_role=session.caller.session_role,
        as_role=session.caller.role,
        action=activating.action,
        outcome=render_outcome(materialization),
    )
    activation_id = int(logged[0]["id"])
    if materialization.drop:
        database.fetch(
            "save_grants",
            env=environment.env,
            activation_id=activation_id,
            oids=[each.oid for each in materialization.drop],
        )
    materialize(session, environment.live_schema, materialization, saved_grants)
    report(session, materialization)
    report_hand_edits(session, materialization.hand_edits)
    notify(session, activating, activation_id, materialization)
    return activated(
        activating.deployment_id,
        environment.active_deployment_id,
        activation_id,
        materialization,
        changed=changed,
    )


def _move_statuses(database: Database, activating: Activating) -> None:
    environment = activating.environment
    from_id = environment.active_deployment_id
    if from_id is not None:
        set_status(database, from_id, Status.ACTIVE, activating.leaves_behind)
    if activating.status is Status.SEALED:
        activate_first(database, activating.deployment_id, previous_id=from_id)
    else:
        set_status(database, activating.deployment_id, activating.status, Status.ACTIVE)
    database.fetch(
        "activate_environment",
        env=environment.env,
        deployment_id=activating.deployment_id,
    )


def notify(
    session: Session,
    activating: Activating,
    activation_id: int,
    materialization: Materialization,
) -> None:
    """Notify listeners after the commit, if that is wanted.

    A payload may have 8,000 bytes. This one has numbers, an action of ours and the
    environment's name, which `names.MAX_ENV_BYTES` bounds.
    """
    if not session.settings.notify:
        return
    database = session.database
    payload = json.dumps(
        {
            "env": activating.environment.env,
            "action": activating.action,
            "deployment_id": activating.deployment_id,
            "from_deployment_id": activating.environment.active_deployment_id,
            # Two activations of a transaction stay two notifications by it.
            "activation_id": activation_id,
        },
        ensure_ascii=False,
    )
    database.fetch("notify", channel=_CHANNEL, payload=payload)
    if materialization.create or materialization.drop:
        database.fetch("notify", channel=_POSTGREST_CHANNEL, payload=_RELOAD)
