"""stopgap rollback: make an earlier deployment what an environment runs."""

from __future__ import annotations

from typing import Annotated

import typer

from stopgap import Client, RolledBack
from stopgap.cli.options import (
    AllowEmptyOption,
    DbOption,
    DirOption,
    EnvOption,
    Output,
    OutputOption,
    check_bigint,
)
from stopgap.cli.outcomes import (
    VerboseOption,
    outcome_keys,
    planned_keys,
    print_seconds,
)
from stopgap.cli.planning import DdlOption, DryRunOption, fail_if_impossible, print_plan
from stopgap.cli.render import env_option, print_human, print_json, progress
from stopgap.cli.session import open_client, title_of
from stopgap.cli.smoking import (
    SmokeOption,
    SmokeRoleOption,
    count_of,
    read_checks,
    say_they_do_not_run,
)
from stopgap.smoke import DEFAULT_ROLE


def rollback(
    db: DbOption = None,
    directory: DirOption = None,
    env: EnvOption = "prod",
    steps: Annotated[
        int,
        typer.Option(
            "--steps",
            metavar="N",
            min=1,
            callback=check_bigint,
            help="How many deployments that differ to go back.",
        ),
    ] = 1,
    to: Annotated[
        int | None,
        typer.Option(
            "--to",
            metavar="DEPLOYMENT_ID",
            callback=check_bigint,
            help="Go to this deployment, whatever --steps says.",
        ),
    ] = None,
    to_label: Annotated[
        str | None,
        typer.Option(
            "--to-label",
            metavar="LABEL",
            help="Go to the newest deployment with this label that was active.",
        ),
    ] = None,
    allow_empty: AllowEmptyOption = False,
    smoke: SmokeOption = None,
    smoke_role: SmokeRoleOption = DEFAULT_ROLE,
    dry_run: DryRunOption = False,
    ddl: DdlOption = False,
    verbose: VerboseOption = False,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Go back to an earlier deployment of an environment.

    Restores what was live then: functions that came since are dropped, functions that
    were dropped since come back with their grants. Steps lead to deployments that made
    something else live: those that changed nothing are passed over.
    """
    is_json = output is Output.JSON
    answer: dict[str, object] = {
        "command": "rollback",
        "env": env,
        "steps": steps,
        "to_id": to,
        "to_label": to_label,
    }
    checks = read_checks(smoke, smoke_role)
    with open_client(db, directory, quiet=is_json) as client:
        if dry_run:
            say_they_do_not_run(checks, quiet=is_json)
            plan = client.plan_rollback(
                env,
                steps=steps,
                to_id=to,
                to_label=to_label,
                allow_empty=allow_empty,
            )
            if is_json:
                told = {
                    "deployment_id": plan.deployment_id,
                    "changed": plan.changed,
                    "passed_over": plan.raw["passed_over"],
                    "smoke_tests": None,
                    "dry_run": True,
                    **planned_keys(plan),
                    "plan": plan.raw,
                }
                print_json(answer | told)
            else:
                print_plan(plan, with_ddl=ddl)
            fail_if_impossible(plan)
            return
        with progress(f"rolling {env} back", quiet=is_json):
            done = client.rollback(
                env,
                steps=steps,
                to_id=to,
                to_label=to_label,
                allow_empty=allow_empty,
                smoke=checks,
            )
        if is_json:
            told = {
                "deployment_id": done.deployment_id,
                "changed": done.changed,
                "passed_over": list(done.outcome.passed_over),
                "smoke_tests": count_of(checks),
                "dry_run": False,
                **outcome_keys(done),
            }
            print_json(answer | told)
        else:
            _print_human(client, done)
            print_seconds(done, verbose=verbose)


def _print_human(client: Client, done: RolledBack) -> None:
    env, outcome = done.env, done.outcome
    now = title_of(client, env, done.deployment_id)
    if outcome.activation_id is None:
        print_human(f"Nothing to do: {env} runs {now} already")
        return
    left = outcome.from_deployment_id
    origin = "" if left is None else f" from {title_of(client, env, left)}"
    print_human(f"Rolled {env} back{origin} to {now}")
    if not done.changed:
        print_human("Nothing is changed by it: both make the same functions live")
    print_human(
        f"Live functions: {outcome.dropped} dropped, {outcome.created} created, "
        f"{outcome.replaced} replaced"
        + (f", {outcome.kept} kept for what depends on them" if outcome.kept else "")
    )
    if left is not None:
        print_human(f"To undo: stopgap activate {env_option(env)} {left}")
