"""Environments: their lock, and the live schema that each has to itself."""

from __future__ import annotations

from typing import NamedTuple

from .catalog import SchemaOwnership, default_grantees, find_live_schema
from .database import Database, Severity, SqlError
from .ddl import create_schema
from .errors import (
    DatabaseCreateMissing,
    EnvironmentBusy,
    LiveObjectNotOwned,
    LiveSchemaRefused,
    RetentionBusy,
    UnknownEnvironment,
)
from .lock import (
    LOCK_CLASS,
    RETENTION_CLASS,
    RETENTION_KEY,
    LockHolder,
    describe_holder,
    environment_key,
)
from .names import check_live_schema_name, live_schema_for
from .running_ddl import run_ddl
from .session import Session
from .store import Environment, find_environment, insert_environment, live_schema_user

_LOCK_NOT_AVAILABLE = "55P03"
# Between two attempts at a lock that is not queued for.
_PAUSE = 0.25
_RESTORE_HINT = "As a superuser: select stopgap.after_restore();"
_RENAME_HINT = "Choose another name with stopgap.live_schema."


def lock_environment(database: Database, env: str) -> None:
    """Take the environment's lock until the transaction ends, and keep gc out.

    A waiting session says for whom; how long it waits is lock_timeout's affair.
    """
    _lock(
        database,
        Lock("retention", RETENTION_CLASS, RETENTION_KEY, suffix="_shared"),
    )
    _lock(database, Lock(f'environment "{env}"', LOCK_CLASS, environment_key(env)))


def lock_environments(database: Database, *envs: str) -> None:
    """Take the locks of several environments, in the one order that all keep to."""
    for env in sorted(set(envs), key=lambda env: (environment_key(env), env)):
        lock_environment(database, env)


def lock_retention(database: Database, *, waits: bool = False) -> None:
    """Keep everybody out who makes or activates deployments, or refuse.

    It does not queue: who asks for this lock later would queue behind the waiter, and
    every deploy with them. Where it is to wait it tries again and again, for as long as
    lock_timeout allows.
    """
    keys = {"class": RETENTION_CLASS, "key": RETENTION_KEY}
    if database.fetch("try_lock", **keys)[0]["is_taken"]:
        return
    rows = database.fetch("lock_holder", **keys)
    holder = describe_holder(LockHolder(**rows[0]) if rows else None)
    if waits:
        database.say(
            Severity.NOTICE, f"waiting until no deployment is made, as by {holder}"
        )
        if _taken_in_time(database, keys):
            return
    raise RetentionBusy(
        "deployments are being made or removed at this moment",
        detail=f"The lock is held by {holder}.",
        hint="Try again when that has ended."
        if waits
        else "Try again when that has ended, or use the option wait (--wait).",
    )


def _taken_in_time(database: Database, keys: dict[str, int]) -> bool:
    allowed = database.fetch("lock_timeout")[0]["seconds"]
    waited = 0.0
    while not allowed or waited < allowed:
        pause = min(_PAUSE, allowed - waited) if allowed else _PAUSE
        database.fetch("pause", seconds=pause)
        waited += pause
        if database.fetch("try_lock", **keys)[0]["is_taken"]:
            return True
    return False


class Lock(NamedTuple):
    """An advisory lock of the engine, until the transaction ends."""

    # What it is the lock of, for messages.
    name: str
    lock_class: int
    key: int
    # Which of the queries takes it.
    suffix: str = ""


def _lock(database: Database, lock: Lock) -> None:
    keys = {"class": lock.lock_class, "key": lock.key}
    if database.fetch(f"try_lock{lock.suffix}", **keys)[0]["is_taken"]:
        return
    rows = database.fetch("lock_holder", **keys)
    holder = describe_holder(LockHolder(**rows[0]) if rows else None)
    database.say(
        Severity.NOTICE, f"waiting for the lock of {lock.name}, held by {holder}"
    )
    try:
        database.fetch(f"wait_for_lock{lock.suffix}", **keys)
    except SqlError as error:
        if error.sqlstate != _LOCK_NOT_AVAILABLE:
            raise
        raise EnvironmentBusy(
            f"{lock.name} is busy: lock_timeout is over",
            detail=f"Its lock is held by {holder}.",
            hint="Try again, or raise lock_timeout.",
        ) from error


def known_environment(database: Database, env: str) -> Environment:
    """Return an environment, or refuse one that was never deployed to."""
    environment = find_environment(database, env)
    if environment is None:
        raise UnknownEnvironment(
            f'environment "{env}" does not exist',
            hint="The first deploy to an environment creates it.",
        )
    return environment


def planned_live_schema(session: Session, env: str) -> str:
    """Return the live schema that an environment gets at its first deployment."""
    return live_schema_for(
        env,
        default_env=session.settings.default_env,
        setting=session.settings.live_schema,
    )


def ensure_environment(
    session: Session, env: str, *, source_schema: str
) -> Environment:
    """Return the environment, created with its live schema where it is new."""
    environment = find_environment(session.database, env)
    if environment is None:
        live_schema = planned_live_schema(session, env)
        check_new_live_schema(session, live_schema, source_schema)
        ensure_live_schema(session, live_schema)
        insert_environment(session.database, env, live_schema)
        return known_environment(session.database, env)
    environment = _settle_live_schema(session, environment, source_schema)
    ensure_live_schema(session, environment.live_schema)
    return environment


def record_environment(
    session: Session, env: str, *, source_schema: str
) -> Environment:
    """Return the environment, recorded where it is new, without a live schema yet."""
    environment = find_environment(session.database, env)
    if environment is not None:
        return environment
    live_schema = planned_live_schema(session, env)
    check_new_live_schema(session, live_schema, source_schema)
    insert_environment(session.database, env, live_schema)
    return known_environment(session.database, env)


def _settle_live_schema(
    session: Session, environment: Environment, source_schema: str
) -> Environment:
    """Return an environment that only failures have so far, as if it were new."""
    planned = planned_live_schema(session, environment.env)
    if planned == environment.live_schema or not is_unsettled(session, environment):
        return environment
    check_new_live_schema(session, planned, source_schema)
    session.database.fetch("set_live_schema", env=environment.env, live_schema=planned)
    return known_environment(session.database, environment.env)


def is_unsettled(session: Session, environment: Environment) -> bool:
    """Tell whether the settings still choose the live schema of an environment."""
    return (
        environment.active_deployment_id is None
        and find_live_schema(session.database, environment.live_schema) is None
    )


def ensure_live_schema(session: Session, schema: str) -> None:
    """Create a live schema that is missing; refuse one that is not the engine's."""
    if needs_live_schema(session, schema):
        database = session.database
        run_ddl(database, create_schema(schema, default_grantees(database, schema)))


def needs_live_schema(session: Session, schema: str) -> bool:
    """Tell whether a live schema is to be created; refuse what stands in the way."""
    found = find_live_schema(session.database, schema)
    if found is None:
        _require_create(session)
        return True
    if not found.is_owned:
        raise LiveObjectNotOwned(
            f'live schema "{schema}" belongs to "{found.owner}", not to stopgap_owner',
            hint=_RESTORE_HINT,
        )
    return False


def _require_create(session: Session) -> None:
    if session.privileges.owner_may_create_schemas:
        return
    database = session.privileges.database
    raise DatabaseCreateMissing(
        f'stopgap_owner lacks CREATE on database "{database}"',
        detail="A database made from a template does not take over this grant.",
        hint=_RESTORE_HINT,
    )


def check_new_live_schema(
    session: Session, schema: str, source_schema: str | None
) -> None:
    """Refuse a schema that cannot become a live schema."""
    check_live_schema_name(schema)
    if schema == source_schema:
        raise LiveSchemaRefused(
            f'schema "{schema}" is the source schema and cannot be the live schema too',
            hint=_RENAME_HINT,
        )
    user = live_schema_user(session.database, schema)
    if user is not None:
        raise LiveSchemaRefused(
            f'schema "{schema}" is the live schema of environment "{user}"',
            hint=_RENAME_HINT,
        )
    found = find_live_schema(session.database, schema)
    if found is not None:
        _check_existing_schema(schema, found)


def _check_existing_schema(schema: str, found: SchemaOwnership) -> None:
    if found.extension is not None:
        raise LiveSchemaRefused(
            f'schema "{schema}" belongs to extension "{found.extension}"',
            hint=_RENAME_HINT,
        )
    if not found.is_owned:
        raise LiveSchemaRefused(
            f'schema "{schema}" exists and belongs to "{found.owner}",'
            " not to stopgap_owner",
            hint=_RENAME_HINT,
        )
