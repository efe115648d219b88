"""Materializing: the live schema is read, its changes are planned, checked and made."""

from __future__ import annotations

from collections.abc import Mapping

from .catalog import dependents_of, lock_limits, read_live_schema
from .database import Database, SqlError
from .ddl import lock_count, materialize_statements
from .errors import ConcurrentChange, EngineError
from .grants import Grant
from .lock import too_few_locks, too_many_locks
from .plan import Materialization, Target, obsolete_functions, plan, untouchable
from .session import Session
from .settings import LogLevel

# What the server says when another session changed the same catalog row: an internal
# error, since nothing in it expects two at once.
_INTERNAL_ERROR = "XX000"
_DEPENDENTS_EXIST = "2BP01"
_OUT_OF_SHARED_MEMORY = "53200"


def plan_changes(
    database: Database,
    live_schema: str,
    target: Target,
    current: Target,
    *,
    drop_obsolete: bool,
) -> Materialization:
    """Read the live schema, and plan its changes, whether or not they can be made."""
    live = read_live_schema(database, live_schema)
    obsolete = obsolete_functions(target, current, live) if drop_obsolete else []
    return plan(
        target,
        current,
        live,
        drop_obsolete=drop_obsolete,
        dependents=dependents_of(database, [each.oid for each in obsolete]),
    )


def find_obstacles(
    database: Database, materialization: Materialization
) -> list[EngineError]:
    """Return all that keeps planned changes from being made."""
    found = untouchable(materialization)
    locks = lock_count(materialization)
    refusal = too_few_locks(locks, lock_limits(database)) if locks else None
    return found if refusal is None else [*found, refusal]


def plan_for(
    session: Session,
    live_schema: str,
    target: Target,
    current: Target,
    *,
    drop_obsolete: bool,
) -> Materialization:
    """Plan the changes of a live schema, or refuse those that cannot be made."""
    database = session.database
    materialization = plan_changes(
        database, live_schema, target, current, drop_obsolete=drop_obsolete
    )
    for obstacle in find_obstacles(database, materialization):
        raise obstacle
    return materialization


def materialize(
    session: Session,
    schema: str,
    materialization: Materialization,
    saved_grants: Mapping[str, tuple[Grant, ...]],
) -> None:
    """Make the planned changes."""
    try:
        for statements in materialize_statements(schema, materialization, saved_grants):
            session.database.execute(";".join(statements))
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


def report(session: Session, materialization: Materialization) -> None:
    """Tell what became of the live functions."""
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
