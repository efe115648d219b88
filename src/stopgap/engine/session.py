"""One call of the engine: who calls, over which database, under which settings."""

from __future__ import annotations

from typing import NamedTuple

from .database import Database, Severity
from .errors import (
    IsolationRefused,
    NotDeployer,
    NotMaintainer,
    NotReader,
    PermissionRefused,
    Subscribed,
)
from .names import quote_identifier
from .settings import NAMES, LogLevel, Settings, parse_settings
from .timing import Seconds, TimedDatabase

_SEVERITIES = {
    LogLevel.WARN: Severity.WARNING,
    LogLevel.INFO: Severity.NOTICE,
    LogLevel.DEBUG: Severity.DEBUG,
}


class Caller(NamedTuple):
    """Who called, as against stopgap_owner, in whose role the engine works."""

    # Who logged in; behind a pooler, the pooler.
    session_role: str
    # In force when the engine was called: what privileges are checked for.
    role: str


class Privileges(NamedTuple):
    """What the caller and the engine's own role may do in this database."""

    is_reader: bool
    is_deployer: bool
    is_maintainer: bool
    is_superuser: bool
    owner_has_language: bool
    owner_may_create_schemas: bool
    database: str
    # The subscription that sends this database the rows of another one.
    subscription: str | None


class Session(NamedTuple):
    """What every verb is given."""

    database: Database
    caller: Caller
    isolation: str
    settings: Settings
    privileges: Privileges
    seconds: Seconds

    def log(self, level: LogLevel, text: str) -> None:
        """Tell the client, if stopgap.log_level lets it through."""
        if level <= self.settings.log_level:
            self.database.say(_SEVERITIES[level], text)


def open_session(
    database: Database, caller: Caller | None = None, seconds: Seconds | None = None
) -> Session:
    """Begin a call; `seconds` began with it.

    `caller` is known to tests, which take on the role of stopgap_owner themselves;
    in the server the transaction tells.
    """
    seconds = seconds or Seconds()
    database = TimedDatabase(database, seconds)
    row = database.fetch("caller")[0]
    caller = caller or Caller(row["session_role"], row["caller"])
    raw = database.fetch("settings", names=list(NAMES))
    privileges = database.fetch("privileges", caller=caller.role)[0]
    return Session(
        database=database,
        caller=caller,
        isolation=row["isolation"],
        settings=parse_settings({each["name"]: each["value"] for each in raw}),
        privileges=Privileges(**privileges),
        seconds=seconds,
    )


def require_reader(session: Session) -> None:
    """Refuse a caller who may not even look.

    EXECUTE is not enough, here as below: it may be that of a SECURITY DEFINER function
    in between.
    """
    if not session.privileges.is_reader:
        raise _not_a_member(session, "stopgap_reader", NotReader)


def require_deployer(session: Session) -> None:
    """Refuse a caller who may not change what is live."""
    if not session.privileges.is_deployer:
        raise _not_a_member(session, "stopgap_deployer", NotDeployer)


def require_maintainer(session: Session) -> None:
    """Refuse a caller who may not remove history."""
    if not session.privileges.is_maintainer:
        raise _not_a_member(session, "stopgap_maintainer", NotMaintainer)


def _not_a_member(
    session: Session, needed: str, refusal: type[PermissionRefused]
) -> PermissionRefused:
    role = session.caller.role
    return refusal(
        f'role "{role}" is not a member of {needed}',
        hint=f"grant {needed} to {quote_identifier(role)};",
    )


def require_origin(session: Session) -> None:
    """Refuse to write rows where those of another database are replicated to.

    A row of either side would sooner or later meet one of the other, which ends the
    replication.
    """
    name = session.privileges.subscription
    if name is None:
        return
    raise Subscribed(
        f'the tables of stopgap come from subscription "{name}"',
        detail="Deployments are made and activated where they are published;"
        " stopgap.repair() makes live here what is active there.",
        hint=f"To go on without it: drop subscription {quote_identifier(name)};"
        " select stopgap.after_restore();",
    )


def require_read_committed(session: Session) -> None:
    """Refuse isolation levels whose snapshot may be older than the lock.

    After waiting for another deployer, its deployment must be seen.
    """
    if session.isolation == "read committed":
        return
    raise IsolationRefused(
        f"the transaction's isolation level is {session.isolation}, not read committed",
        hint="begin isolation level read committed;",
    )
