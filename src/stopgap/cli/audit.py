"""stopgap audit: who made what active when."""

from __future__ import annotations

from typing import Annotated

import typer

from stopgap.cli.options import (
    AnyEnvOption,
    DbOption,
    DirOption,
    Output,
    OutputOption,
    check_bigint,
)
from stopgap.cli.render import (
    commit,
    moment,
    print_human,
    print_json,
    table,
    with_provenance,
)
from stopgap.cli.session import open_client
from stopgap.results import Json

_COLUMNS = ("id", "env", "action", "from", "to", "label", "commit", "when", "by", "as")


def audit(
    db: DbOption = None,
    directory: DirOption = None,
    env: AnyEnvOption = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="No more than N.")
    ] = 100,
    before: Annotated[
        int | None,
        typer.Option(
            "--before",
            metavar="ID",
            callback=check_bigint,
            help="Only older ones than this.",
        ),
    ] = None,
    output: OutputOption = Output.HUMAN,
) -> None:
    """List who made which deployment active when, newest first.

    Entries stay when `stopgap gc` removes the deployments that they are about.
    """
    is_json = output is Output.JSON
    with open_client(db, directory, quiet=is_json) as client:
        found = client.audit(env, max_count=limit, before_id=before)
    if is_json:
        print_json(
            {"command": "audit", "env": env, "count": len(found), "entries": found}
        )
    elif found:
        rows = list(map(_row, found))
        said = [each["to_provenance"] for each in found]
        print_human(table(*with_provenance(_COLUMNS, rows, said)))
    else:
        place = "" if env is None else f" in {env}"
        moment_ = "was ever activated" if before is None else "was activated"
        limit_ = "" if before is None else f" before entry {before}"
        print_human(f"Nothing {moment_}{place}{limit_}")


def _row(entry: Json) -> tuple[object, ...]:
    by, as_ = entry["activated_by"], entry["activated_as"]
    return (
        entry["activation_id"],
        entry["env"],
        entry["action"],
        entry["from_deployment_id"],
        entry["to_deployment_id"],
        entry["to_label"],
        commit(entry["to_provenance"]),
        moment(entry["activated_at"]),
        by,
        None if as_ == by else as_,
    )
