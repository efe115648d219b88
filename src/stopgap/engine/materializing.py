"""Materializing: the live schema is read, its changes are planned, checked and made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .catalog import (
    default_grantees,
    dependents_of,
    lock_limits,
    read_live_schema,
)
from .database import Database, SqlError
from .ddl import lock_count, materialize_statements
from .errors import ConcurrentChange, EngineError
from .grants import Grant, Grants
from .lock import too_few_locks, too_many_locks
from .names import quote_identifier
from .plan import (
    HandEdit,
    Materialization,
    Target,
    obsolete_functions,
    plan,
    untouchable,
)
from .running_ddl import run_ddl
from .session import Session
from .settings import LogLevel

# What the server says when another session changed the same catalog row: an internal
# error, since nothing in it expects two at once, and never translated. Its SQLSTATE is
# that of all other internal errors too.
_INTERNAL_ERROR = "XX000"
_COLLISION = re.compile(
    r"tuple concurrently (updated|deleted)"
    r"|cache lookup failed for (function|namespace|schema) \d+"
    r"|could not find tuple for (function|namespace|schema) \d+"
)
# What it says when another session made or dropped what is meant; others say so too.
_MISSING_OR_THERE = frozenset({"42883", "42704", "3F000", "42723", "42P06", "23505"})
_DEPENDENTS_EXIST = "2BP01"
_OUT_OF_SHARED_MEMORY = "53200"
# Enough for a person to see what is meant; the rest is counted.
_MAX_EDITS = 20


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
    database = session.database
    grants = Grants(saved_grants, default_grantees(database, schema))
    try:
        for statements in materialize_statements(schema, materialization, grants):
            run_ddl(database, statements)
    except SqlError as error:
        if error.sqlstate == _OUT_OF_SHARED_MEMORY:
            limits = lock_limits(database)
            raise too_many_locks(lock_count(materialization), limits) from error
        if _is_collision(database, schema, materialization, error):
            raise ConcurrentChange(
                "another session changed live functions at the same time",
                detail=f"The server says: {error.fields.message}.",
                hint="Nothing was changed; try again.",
            ) from error
        raise


def _is_collision(
    database: Database,
    schema: str,
    materialization: Materialization,
    error: SqlError,
) -> bool:
    """Tell whether another session came between the plan and its DDL.

    What the error says is not enough where event triggers can say it too: then the
    catalog is asked.
    """
    if error.sqlstate == _INTERNAL_ERROR:
        return _COLLISION.fullmatch(error.fields.message) is not None
    if error.sqlstate == _DEPENDENTS_EXIST:
        oids = [each.oid for each in materialization.drop]
        return any(dependents_of(database, oids).values())
    if error.sqlstate not in _MISSING_OR_THERE:
        return False
    found = read_live_schema(database, schema)
    if found.owner is None:
        return True
    planned = [each.live for each in materialization.replace]
    planned += materialization.drop
    is_gone = any(
        each.name not in found.functions or found.functions[each.name].oid != each.oid
        for each in planned
    )
    return is_gone or any(
        each.fn_name in found.functions for each in materialization.create
    )


_LOST = {
    "replaced": "had been changed by hand, and are overwritten",
    "created": "had been dropped by hand, and are made again",
    "dropped": "had been changed by hand, and are dropped",
}


def report_hand_edits(session: Session, edits: Sequence[HandEdit]) -> None:
    """Tell what people did by hand and lose by what was done."""
    for becomes, words in _LOST.items():
        found = [each for each in edits if each.becomes == becomes]
        if found:
            shown = [
                f"{quote_identifier(each.fn_name)} ({' and '.join(each.what)})"
                for each in found[:_MAX_EDITS]
            ]
            more = len(found) - len(shown)
            listed = ", ".join(shown) + (f" and {more} more" if more else "")
            session.log(LogLevel.WARN, f"live functions {words}: {listed}")


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
