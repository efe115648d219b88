"""stopgap plan: what a deploy would do."""

from __future__ import annotations

from typing import Annotated

import typer

from stopgap.cli.diff import DIFFERENCES
from stopgap.cli.options import (
    AllowEmptyOption,
    DbOption,
    DirOption,
    EnvOption,
    FromSchemaOption,
    Output,
    OutputOption,
    PruneOption,
)
from stopgap.cli.planning import DdlOption, fail_if_impossible, print_plan
from stopgap.cli.render import print_json, progress
from stopgap.cli.session import open_client


def plan(
    from_schema: FromSchemaOption,
    db: DbOption = None,
    directory: DirOption = None,
    env: EnvOption = "prod",
    prune: PruneOption = None,
    allow_empty: AllowEmptyOption = False,
    ddl: DdlOption = False,
    exit_code: Annotated[
        bool,
        typer.Option("--exit-code", help=f"Exit {DIFFERENCES} on any change."),
    ] = False,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Show what a deploy would do, and all that is in its way.

    Nothing is changed. Exits 11 where the deploy would be refused. The plans of other
    verbs: `stopgap rollback --dry-run`, `activate --dry-run`, `repair --dry-run`.
    """
    is_json = output is Output.JSON
    with (
        open_client(db, directory, quiet=is_json) as client,
        progress(f"planning {from_schema} for {env}", quiet=is_json),
    ):
        found = client.plan(
            env, from_schema=from_schema, prune=prune, allow_empty=allow_empty
        )
    if is_json:
        print_json(
            {
                "command": "plan",
                "env": env,
                "from_schema": from_schema,
                "changed": found.changed,
                "possible": found.possible,
                "plan": found.raw,
            }
        )
    else:
        print_plan(found, with_ddl=ddl)
    fail_if_impossible(found)
    if exit_code and found.changed:
        raise typer.Exit(DIFFERENCES)
