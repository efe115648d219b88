"""stopgap gc: remove deployments past a policy, and artifacts nothing needs."""

from __future__ import annotations

from typing import Annotated

import typer

from stopgap.cli.options import AnyEnvOption, DbOption, DirOption, Output, OutputOption
from stopgap.cli.render import (
    moment,
    print_human,
    print_json,
    progress,
    table,
)
from stopgap.cli.session import open_client
from stopgap.engine.words import counted
from stopgap.results import Json


def gc(
    db: DbOption = None,
    directory: DirOption = None,
    env: AnyEnvOption = None,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep", metavar="N", min=1, help="Keep the last N of each environment."
        ),
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than",
            metavar="AGE",
            help="Keep what was left less long ago, as '30 days'.",
        ),
    ] = None,
    keep_labelled: Annotated[
        bool, typer.Option("--keep-labelled", help="Keep what has a label.")
    ] = False,
    grace: Annotated[
        str | None,
        typer.Option(
            "--grace",
            metavar="AGE",
            help="Keep artifacts stored less long ago.  [default: 1 day]",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would go.")
    ] = False,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Wait while deployments are made or activated."),
    ] = False,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Remove deployments past a policy, and artifacts that nothing needs.

    Without --keep and --older-than no deployment goes; with both, those that both let
    go. What is active stays, and what rollbacks within the policy need.
    """
    is_json = output is Output.JSON
    with (
        open_client(db, directory, quiet=is_json) as client,
        progress("removing", quiet=is_json),
    ):
        done = client.gc(
            env=env,
            keep=keep,
            older_than=older_than,
            keep_labelled=keep_labelled,
            grace=grace,
            dry_run=dry_run,
            wait=wait,
        )
    if is_json:
        print_json({"command": "gc", **done})
    else:
        _print_human(done)


def _print_human(done: Json) -> None:
    deployments, artifacts = done["deployments"], done["artifacts"]
    rows = [
        (
            each["env"],
            each["id"],
            each["status"],
            each["label"],
            moment(each["created_at"]),
        )
        for each in deployments
    ]
    if rows:
        columns = ("environment", "id", "status", "label", "created")
        print_human(table(columns, rows), "")
    print_human(
        f"{'Would remove' if done['dry_run'] else 'Removed'} "
        f"{counted(len(deployments), 'deployment')} and "
        f"{counted(len(artifacts), 'artifact')} ({done['artifact_bytes']} bytes); "
        f"{done['deployments_kept']} kept"
    )
