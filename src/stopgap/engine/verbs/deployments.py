"""deployments: the history of an environment, newest first."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence

from ..database import Database, Row
from ..errors import InvalidArgument, ResultTooLarge
from ..json_text import JsonText, to_json
from ..manifest import (
    MAX_RENDERED_FUNCTIONS,
    render_function,
    with_function_count,
    with_functions,
)
from ..names import check_env
from ..session import Session, require_reader
from ..version import version_from_row


def deployments(
    session: Session,
    env: str | None,
    max_count: int | None,
    before_id: int | None,
    with_functions_: bool | None,
) -> str:
    """Return the history's JSON, an empty array for an unknown environment."""
    env = check_env(env)
    if max_count is not None and max_count < 1:
        raise InvalidArgument(
            "max_count must be at least 1, or NULL for all",
            detail=f"It is {max_count}.",
        )
    require_reader(session)
    rows = session.database.fetch(
        "history", env=env, max_count=max_count, before_id=before_id
    )
    ids = [row["id"] for row in rows]
    # NULL is what a client sends that says nothing of it.
    wants_functions = with_functions_ is None or with_functions_
    manifests = (
        _with_functions(session.database, rows, ids)
        if wants_functions
        else _with_counts(session.database, rows, ids)
    )
    return to_json(
        [
            {
                **row,
                "provenance": json.loads(row["provenance"]),
                "manifest": manifest,
            }
            for row, manifest in zip(rows, manifests, strict=True)
        ]
    )


def _with_functions(
    database: Database, rows: Sequence[Row], ids: list[int]
) -> list[dict[str, object]]:
    found = database.fetch(
        "history_versions", deployment_ids=ids, max_count=MAX_RENDERED_FUNCTIONS + 1
    )
    if len(found) > MAX_RENDERED_FUNCTIONS:
        raise ResultTooLarge(
            f"{len(ids)} deployments have more than {MAX_RENDERED_FUNCTIONS} functions"
            " together, too many for one answer",
            hint="Ask for pages with max_count and before_id,"
            " or without functions: with_functions => false.",
        )
    functions: defaultdict[int, list[JsonText]] = defaultdict(list)
    for row in found:
        functions[row["deployment_id"]].append(
            render_function(
                version_from_row(row, row["deployment_id"]),
                source_schema=row["fn_schema"],
                live_schema=row["live_fn_schema"],
            )
        )
    return [with_functions(_stored_manifest(row), functions[row["id"]]) for row in rows]


def _with_counts(
    database: Database, rows: Sequence[Row], ids: list[int]
) -> list[dict[str, object]]:
    counts = {
        row["deployment_id"]: row["function_count"]
        for row in database.fetch("history_counts", deployment_ids=ids)
    }
    return [
        with_function_count(_stored_manifest(row), counts.get(row["id"], 0))
        for row in rows
    ]


def _stored_manifest(row: Row) -> dict[str, object]:
    stored = json.loads(row["manifest"]) if row["manifest"] else {}
    return dict(stored)
