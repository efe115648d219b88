"""stopgap deployments: the history of an environment."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer
from rich.text import Text

from stopgap import Deployment
from stopgap.cli.options import (
    DbOption,
    DirOption,
    EnvOption,
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

_COLUMNS = (
    "id",
    "status",
    "label",
    "from schema",
    "functions",
    "commit",
    "created",
    "by",
)
_STYLES = {"active": "green", "failed": "red"}


def deployments(
    db: DbOption = None,
    directory: DirOption = None,
    env: EnvOption = "prod",
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            min=1,
            help="No more than N.  [default: all]",
            show_default=False,
        ),
    ] = None,
    before: Annotated[
        int | None,
        typer.Option(
            "--before",
            metavar="DEPLOYMENT_ID",
            callback=check_bigint,
            help="Only older ones than this.",
        ),
    ] = None,
    output: OutputOption = Output.HUMAN,
) -> None:
    """List the deployments of an environment, newest first."""
    is_json = output is Output.JSON
    with open_client(db, directory, quiet=is_json) as client:
        history = client.history(env, before_id=before, with_functions=is_json)
        found = list(islice(history, limit))
    if is_json:
        print_json(
            {
                "command": "deployments",
                "env": env,
                "count": len(found),
                "deployments": [each.raw for each in found],
            }
        )
    elif found:
        rows = list(map(_row, found))
        said = [each.provenance for each in found]
        print_human(table(*with_provenance(_COLUMNS, rows, said)))
    elif before is not None:
        print_human(f"Nothing was deployed to {env} before deployment {before}")
    else:
        print_human(f"Nothing was ever deployed to {env}")


def _row(found: Deployment) -> tuple[object, ...]:
    return (
        found.id,
        Text(found.status, style=_STYLES.get(found.status, "")),
        found.label,
        found.source_schema,
        found.function_count,
        commit(found.provenance),
        moment(found.created_at),
        found.created_by,
    )
