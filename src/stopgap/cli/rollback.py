"""stopgap rollback: make an earlier deployment what an environment runs."""

from __future__ import annotations

from typing import Annotated

import typer

from stopgap.cli.options import DbOption, EnvOption, Output, OutputOption
from stopgap.cli.render import print_human, print_json, progress, title
from stopgap.cli.session import open_client


def rollback(
    db: DbOption = None,
    env: EnvOption = "prod",
    steps: Annotated[
        int,
        typer.Option(
            "--steps", metavar="N", min=1, help="How many deployments to go back."
        ),
    ] = 1,
    to: Annotated[
        int | None,
        typer.Option(
            "--to",
            metavar="DEPLOYMENT_ID",
            help="Go to this deployment, whatever --steps says.",
        ),
    ] = None,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Go back to an earlier deployment of an environment.

    Restores what was live then: functions that came since are dropped, functions that
    were dropped since come back with their grants.
    """
    is_json = output is Output.JSON
    with open_client(db, quiet=is_json) as client:
        before = None if is_json else client.status(env)
        with progress(f"rolling {env} back", quiet=is_json):
            done = client.rollback(env, steps=steps, to_id=to)
        after = None if is_json else client.deployment(env, done.deployment_id)
    if is_json:
        print_json(
            {
                "command": "rollback",
                "env": env,
                "steps": steps,
                "to_id": to,
                "deployment_id": done.deployment_id,
            }
        )
        return
    left = before.active_deployment if before else None
    if after is not None:
        origin = f" from {title(left)}" if left else ""
        print_human(f"Rolled {env} back{origin} to {title(after)}")
    if left is not None:
        print_human(f"To undo: stopgap rollback --env {env} --to {left.id}")
