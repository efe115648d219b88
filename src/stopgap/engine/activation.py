"""Activation: what deploy and rollback have in common once the target is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from .catalog import dependents_of, lock_limits, missing_artifacts, read_live_schema
from .database import Database, SqlError
from .ddl import drop_statements, lock_count, materialize_statements
from .errors import ArtifactMissing, ConcurrentChange
from .grants import Grant
from .lock import check_lock_count, too_many_locks
from .manifest import render_outcome
from .plan import Materialization, Target, obsolete_functions, plan
from .session import Session
from .settings import LogLevel
from .states import Status
from .store import Environment, set_status
from .version import Versions

_CHANNEL = "stopgap"

# What the server says when another session changed the same catalog row: an internal
# error, since nothing in it expects two at once.
_INTERNAL_ERROR = "XX000"
_DEPENDENTS_EXIST = "2BP01"
_OUT_OF_SHARED_MEMORY = "53200"


@dataclass(frozen=True, slots=True)
class Activating:
    """A deployment on its way to be the active one."""

    environment: Environment
    deployment_id: int
    # sealed for a new one, superseded or rolled_back for one that returns.
    status: Status
    action: str
    # What the deployment that was active becomes.
    leaves_behind: Status


def plan_for(
    session: Session,
    environment: Environment,
    target: Target,
    expected: Versions,
    *,
    drop_obsolete: bool,
) -> Materialization:
    """Read the live schema, plan its changes, and check that they can be made."""
    database = session.database
    live = read_live_schema(database, environment.live_schema)
    obsolete = obsolete_functions(target, expected, live) if drop_obsolete else []
    materialization = plan(
        target,
        expected,
        live,
        drop_obsolete=drop_obsolete,
        dependents=dependents_of(database, [each.oid for each in obsolete]),
    )
    locks = lock_count(materialization)
    if locks:
        check_lock_count(locks, lock_limits(database))
    return materialization


def check_artifacts(database: Database, versions: Versions) -> None:
    """Refuse versions whose artifacts are gone: their pointers would lead nowhere."""
    missing = missing_artifacts(
        database, (each.artifact_hash for each in versions.values())
    )
    if not missing:
        return
    names = [name for name, v in sorted(versions.items()) if v.artifact_hash in missing]
    raise ArtifactMissing(
        f"plts.artifact lacks the code of {len(names)} functions",
        detail="They are: " + ", ".join(f'"{name}"' for name in names) + ".",
        hint="Restore the rows of plts.artifact, or deploy the functions again.",
    )


def activate(
    session: Session,
    activating: Activating,
    materialization: Materialization,
    saved_grants: Mapping[str, tuple[Grant, ...]],
) -> None:
    """Make a deployment the active one, and its live schema say so.

    The DDL is last: it is what other sessions can collide with, and then least is
    left to do while its locks are held.
    """
    database = session.database
    environment = activating.environment
    from_id = environment.active_deployment_id
    if from_id is not None:
        set_status(database, from_id, Status.ACTIVE, activating.leaves_behind)
    set_status(database, activating.deployment_id, activating.status, Status.ACTIVE)
    database.fetch(
        "activate_environment",
        env=environment.env,
        deployment_id=activating.deployment_id,
    )
    logged = database.fetch(
        "insert_activation",
        env=environment.env,
        from_id=from_id,
        to_id=activating.deployment_id,
        by_role=session.caller.session_role,
        as_role=session.caller.role,
        action=activating.action,
        outcome=render_outcome(materialization),
    )
    if materialization.drop:
        database.fetch(
            "save_grants",
            env=environment.env,
            activation_id=logged[0]["id"],
            oids=[each.oid for each in materialization.drop],
        )
    _materialize(session, environment.live_schema, materialization, saved_grants)
    _report(session, materialization)
    if session.settings.notify:
        _notify(database, activating)


def _materialize(
    session: Session,
    schema: str,
    materialization: Materialization,
    saved_grants: Mapping[str, tuple[Grant, ...]],
) -> None:
    dropped = [each.name for each in materialization.drop]
    try:
        for statements in drop_statements(schema, dropped):
            session.database.execute(statements)
        for statements in materialize_statements(schema, materialization, saved_grants):
            session.database.execute(statements)
    except SqlError as error:
        if error.sqlstate == _OUT_OF_SHARED_MEMORY:
            limits = lock_limits(session.database)
            raise too_many_locks(lock_count(materialization), limits) from error
        if error.sqlstate in (_INTERNAL_ERROR, _DEPENDENTS_EXIST):
            raise ConcurrentChange(
                "another session changed live functions at the same time",
                detail=str(error),
                hint="Nothing was changed; try again.",
            ) from error
        raise


def _report(session: Session, materialization: Materialization) -> None:
    for kept in materialization.kept:
        session.log(
            LogLevel.WARN,
            f'live function "{kept.ref.fn_name}" stays, for others depend on it:'
            f" {', '.join(kept.dependents)}",
        )
    session.log(
        LogLevel.INFO,
        f"live functions: {len(materialization.create)} created,"
        f" {len(materialization.replace)} replaced,"
        f" {len(materialization.unchanged)} unchanged,"
        f" {len(materialization.drop)} dropped,"
        f" {len(materialization.retained)} retained",
    )


def _notify(database: Database, activating: Activating) -> None:
    payload = json.dumps(
        {
            "env": activating.environment.env,
            "action": activating.action,
            "deployment_id": activating.deployment_id,
            "from_deployment_id": activating.environment.active_deployment_id,
        },
        ensure_ascii=False,
    )
    database.fetch("notify", channel=_CHANNEL, payload=payload)
