"""gc: removes deployments past a policy, and artifacts that nothing needs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from ..database import Database, Row, SqlError
from ..environment import known_environment, lock_retention
from ..errors import IllegalTransition, InvalidOption
from ..manifest import refs_from_outcome
from ..names import check_env
from ..options import Options, parse_options
from ..retention import Candidate, Policy, relinked, removable
from ..session import (
    Session,
    require_maintainer,
    require_origin,
    require_read_committed,
)
from ..states import Status

# The class of errors of an interval that cannot be read.
_DATA_EXCEPTION = "22"
_KEYS = ("env", "keep", "older_than", "keep_labelled", "grace", "dry_run", "wait")
_GRACE = "1 day"


class _Request(NamedTuple):
    env: str | None
    policy: Policy
    # How old an artifact is that may go.
    grace: str
    dry_run: bool


def gc(session: Session, options: str | None) -> str:
    """Remove what the options let go, and return what that was as JSON."""
    given = parse_options(options, known=_KEYS)
    require_read_committed(session)
    require_maintainer(session)
    database = session.database
    request = _parse(database, given)
    if not request.dry_run:
        require_origin(session)
        lock_retention(database, waits=given.boolean("wait") is True)
    if request.env is not None:
        known_environment(database, request.env)
    rows = database.fetch(
        "retention_deployments",
        env=request.env,
        older_than=request.policy.older_than,
    )
    deployments = [_candidate(row) for row in rows]
    removed = removable(request.policy, deployments)
    if removed and not request.dry_run:
        _remove(database, rows, deployments, removed)
    if not request.dry_run:
        database.fetch("delete_dropped_functions", env=request.env)
    artifacts = database.fetch(
        "unreferenced_artifacts", removed_ids=sorted(removed), grace=request.grace
    )
    if artifacts and not request.dry_run:
        hashes = [row["artifact_hash"] for row in artifacts]
        gone = database.fetch("delete_artifacts", hashes=hashes)
        deleted = {row["artifact_hash"] for row in gone}
        artifacts = [row for row in artifacts if row["artifact_hash"] in deleted]
    return json.dumps(
        {
            "env": request.env,
            "dry_run": request.dry_run,
            "deployments": [
                {
                    key: row[key]
                    for key in ("id", "env", "label", "status", "created_at")
                }
                for row in rows
                if row["id"] in removed
            ],
            "deployments_kept": len(deployments) - len(removed),
            "artifacts": [row["artifact_hash"] for row in artifacts],
            "artifact_bytes": sum(row["bytes"] for row in artifacts),
        },
        ensure_ascii=False,
    )


def _parse(database: Database, options: Options) -> _Request:
    env = options.text("env")
    keep = options.integer("keep")
    if keep is not None and keep < 1:
        raise InvalidOption(
            'option "keep" must be at least 1',
            detail=f"It is {keep}.",
            hint="What is active is always kept.",
        )
    return _Request(
        env=None if env is None else check_env(env),
        policy=Policy(
            keep=keep,
            older_than=_age(database, options, "older_than"),
            keep_labelled=options.boolean("keep_labelled") is True,
        ),
        grace=_age(database, options, "grace") or _GRACE,
        dry_run=options.boolean("dry_run") is True,
    )


def _age(database: Database, options: Options, key: str) -> str | None:
    """Return an age as the server reads it; only the server knows intervals."""
    age = options.text(key)
    if age is None:
        return None
    try:
        row = database.fetch("check_interval", age=age)[0]
    except SqlError as error:
        if not error.sqlstate.startswith(_DATA_EXCEPTION):
            raise
        raise InvalidOption(
            f'option "{key}" is no interval: {json.dumps(age, ensure_ascii=False)}',
            detail=error.fields.message,
            hint='For example: "30 days".',
        ) from error
    if not row["is_past"]:
        raise InvalidOption(f'option "{key}" must not be negative')
    return str(row["age"])


def _candidate(row: Row) -> Candidate:
    return Candidate(
        id=row["id"],
        env=row["env"],
        status=Status(row["status"]),
        is_labelled=row["label"] is not None,
        previous_id=row["previous_id"],
        is_old=row["is_old"],
        retains=frozenset(
            ref.deployment_id for ref in refs_from_outcome(row["last_outcome"])
        ),
    )


def _remove(
    database: Database,
    rows: Sequence[Row],
    deployments: Sequence[Candidate],
    removed: frozenset[int],
) -> None:
    """Delete deployments; those that the log refers to leave a row without functions.

    The audit says of each activation what it activated, for good.
    """
    changes = relinked(deployments, removed)
    database.fetch(
        "relink_deployments",
        ids=list(changes.keys()),
        previous_ids=list(changes.values()),
    )
    database.fetch("delete_versions", ids=sorted(removed))
    logged = sorted(
        row["id"] for row in rows if row["is_logged"] and row["id"] in removed
    )
    buried = database.fetch("bury_deployments", ids=logged)
    if len(buried) != len(logged):
        raise IllegalTransition(
            "deployments that were active have a status that says otherwise",
            hint="select stopgap.verify(); tells what is wrong.",
        )
    database.fetch("delete_deployments", ids=sorted(removed - set(logged)))
