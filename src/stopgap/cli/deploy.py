"""stopgap deploy: make the functions of a schema what an environment runs."""

from __future__ import annotations

from typing import Annotated

import typer

from stopgap import Client, DatabaseError, Deployed, Diff
from stopgap.cli.options import (
    DbOption,
    EnvOption,
    FromSchemaOption,
    Output,
    OutputOption,
)
from stopgap.cli.render import counted, print_human, print_json, progress, table, title
from stopgap.cli.session import open_client


def deploy(
    from_schema: FromSchemaOption,
    db: DbOption = None,
    env: EnvOption = "prod",
    label: Annotated[
        str | None,
        typer.Option(
            "--label", metavar="LABEL", help="A name for people to know it by."
        ),
    ] = None,
    prune: Annotated[
        bool | None,
        typer.Option(
            "--prune/--no-prune",
            help="Drop live functions that the schema no longer has."
            "  [default: the setting stopgap.prune]",
            show_default=False,
        ),
    ] = None,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Deploy the functions of a schema to an environment.

    Compiles them all as one program, and makes them live in one transaction. When
    anything is wrong, nothing changes.
    """
    is_json = output is Output.JSON
    with open_client(db, quiet=is_json) as client:
        changes = None if is_json else _foreseen(client, env, from_schema)
        with progress(f"deploying {from_schema} to {env}", quiet=is_json):
            deployed = client.deploy(
                env, from_schema=from_schema, label=label, prune=prune
            )
    if is_json:
        print_json(
            {
                "command": "deploy",
                "env": env,
                "from_schema": from_schema,
                "deployment_id": deployed.deployment_id,
                "prune": deployed.prune,
            }
        )
    else:
        _print_human(deployed, changes)


def _foreseen(client: Client, env: str, from_schema: str) -> Diff | None:
    """Return what the deploy will change; what is wrong, the deploy itself will say."""
    try:
        return client.diff(env, from_schema=from_schema)
    except DatabaseError:
        return None


def _print_human(deployed: Deployed, changes: Diff | None) -> None:
    deployment = deployed.deployment
    print_human(
        f"Deployed {deployed.from_schema} to {deployed.env}: {title(deployment)}, "
        f"{counted(deployment.function_count, 'function')}"
    )
    if changes is not None:
        rows = [
            (each.fn_name, each.change)
            for each in changes.functions
            if each.change != "unchanged"
        ]
        if rows:
            print_human("", table(("function", "change"), rows))
        if changes.unchanged:
            print_human(f"{changes.unchanged} unchanged")
    skipped = deployment.manifest.get("skipped") or ()
    if skipped:
        rows = [(each["fn_name"], each["reason"]) for each in skipped]
        print_human("", table(("skipped", "why"), rows))
    print_human("", f"To undo: stopgap rollback --env {deployed.env}")
