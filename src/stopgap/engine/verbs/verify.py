"""verify: whether everything that is kept is whole and fits together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from ..catalog import read_live_schema
from ..database import Database
from ..drift import find_drift
from ..environment import known_environment
from ..lineage import on_cycles
from ..names import check_env, quote_identifier, quote_literal
from ..options import parse_options
from ..session import Session, require_reader
from ..store import target_of

_BY_HAND = "The tables were changed by hand: restore them from a dump."
_RESTORE = "As a superuser: select stopgap.after_restore();"
_DEPLOY = "Deploy the functions again, then let stopgap.gc() remove this deployment."


class Finding(NamedTuple):
    """Something that is wrong, and what to do about it."""

    check: str
    message: str
    hint: str
    env: str | None = None
    deployment_id: int | None = None
    fn_name: str | None = None
    # People's own, which the engine neither needs nor touches: it can stay.
    is_foreign: bool = False


def verify(session: Session, options: str | None) -> str:
    """Return what is wrong as JSON; nothing is written."""
    env = parse_options(options, known=("env",)).text("env")
    require_reader(session)
    database = session.database
    if env is not None:
        known_environment(database, check_env(env))
    findings = [
        *_artifacts(database),
        *_deployments(database, env),
        *_lineage(database, env),
        *_versions(database, env),
        *_live(session, env),
        *_keys(database),
        *_roles(session),
    ]
    return json.dumps(
        {
            "ok": not findings,
            "checked": dict(database.fetch("verify_counts", env=env)[0]),
            "findings": [each._asdict() for each in findings],
        },
        ensure_ascii=False,
    )


def _artifacts(database: Database) -> Iterator[Finding]:
    hint = "Restore the row from a dump: what runs it may run something else."
    for row in database.fetch("verify_artifacts"):
        hash_ = row["artifact_hash"]
        if row["is_source_changed"]:
            yield Finding("artifact", f"the source of {hash_} was changed", hint)
        if row["is_compiled_changed"]:
            yield Finding("artifact", f"the JavaScript of {hash_} was changed", hint)


def _deployments(database: Database, env: str | None) -> Iterator[Finding]:
    for row in database.fetch("verify_deployments", env=env):
        yield Finding(
            row["check_name"],
            f"deployment {row['id']}: {row['message']}",
            _BY_HAND,
            env=row["env"],
            deployment_id=row["id"],
        )


def _lineage(database: Database, env: str | None) -> Iterator[Finding]:
    rows = database.fetch("verify_lineage", env=env)
    looping = on_cycles({row["id"]: row["previous_id"] for row in rows})
    for row in rows:
        if row["id"] in looping:
            yield Finding(
                "lineage",
                f"deployment {row['id']}: its lineage leads back to it",
                _BY_HAND,
                env=row["env"],
                deployment_id=row["id"],
            )


def _versions(database: Database, env: str | None) -> Iterator[Finding]:
    for row in database.fetch("verify_versions", env=env):
        yield Finding(
            "function",
            f"{quote_identifier(row['fn_name'])} of deployment {row['id']}:"
            f" {row['message']}",
            _DEPLOY,
            env=row["env"],
            deployment_id=row["id"],
            fn_name=row["fn_name"],
        )


def _live(session: Session, env: str | None) -> Iterator[Finding]:
    database = session.database
    for row in database.fetch("verify_schemas", env=env):
        schema = quote_identifier(row["live_schema"])
        hints = {
            "missing": _repair(row["env"]),
            "foreign": _RESTORE,
            "closed": _RESTORE,
            "open": f"As a superuser: revoke create on schema {schema} from them;",
        }
        yield Finding(
            "live schema",
            row["message"],
            hints[row["fault"]],
            env=row["env"],
        )
    for row in database.fetch("environments"):
        if env is not None and row["env"] != env:
            continue
        drift = find_drift(
            target_of(database, row["active_deployment_id"]).versions(),
            read_live_schema(database, row["live_schema"]),
            # Told of every function version already.
            frozenset(),
        )
        found = {
            "changed": list(drift.changed),
            "dropped": list(drift.dropped),
            "added": list(drift.added),
        }
        for what, names in found.items():
            for name in names:
                message = f"live function {quote_identifier(name)} was {what} by hand"
                if "grants" in drift.changed.get(name, ()):
                    message += ": everybody may execute it"
                yield Finding(
                    "drift",
                    message,
                    _repair(row["env"])
                    if what != "added"
                    else "Drop it, or leave it: it is no business of the engine.",
                    env=row["env"],
                    fn_name=name,
                    is_foreign=what == "added",
                )


def _repair(env: str) -> str:
    return f"select stopgap.repair({quote_literal(env)});"


def _keys(database: Database) -> Iterator[Finding]:
    for row in database.fetch("verify_keys"):
        yield Finding("foreign key", f"{row['key_name']}: {row['message']}", _RESTORE)


def _roles(session: Session) -> Iterator[Finding]:
    for row in session.database.fetch("verify_roles"):
        yield Finding(
            "role",
            f'role "{row["role"]}": {row["message"]}',
            "Take it from the role: whoever has the role has it too.",
        )
    for row in session.database.fetch("verify_privileges"):
        yield Finding("privilege", row["message"], "Revoke it.")
    privileges = session.privileges
    if not privileges.owner_has_language:
        yield Finding(
            "privilege",
            "stopgap_owner lacks USAGE on language plts",
            "As a superuser: grant usage on language plts to stopgap_owner;",
        )
    if not privileges.owner_may_create_schemas:
        yield Finding(
            "privilege",
            f'stopgap_owner lacks CREATE on database "{privileges.database}"',
            _RESTORE,
        )
