"""stopgap activate: make a sealed deployment, or an earlier one, what runs."""

from __future__ import annotations

from typing import Annotated

import typer

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


def activate(
    deployment_id: Annotated[
        int, typer.Argument(metavar="DEPLOYMENT_ID", callback=check_bigint)
    ],
    db: DbOption = None,
    directory: DirOption = None,
    env: EnvOption = "prod",
    allow_empty: AllowEmptyOption = False,
    smoke: SmokeOption = None,
    smoke_role: SmokeRoleOption = DEFAULT_ROLE,
    dry_run: DryRunOption = False,
    ddl: DdlOption = False,
    verbose: VerboseOption = False,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Make a deployment what an environment runs.

    One that was sealed by `stopgap deploy --no-activate`, or one that was active
    before, as to go forward again after a rollback.
    """
    is_json = output is Output.JSON
    answer: dict[str, object] = {
        "command": "activate",
        "env": env,
        "deployment_id": deployment_id,
    }
    checks = read_checks(smoke, smoke_role)
    with open_client(db, directory, quiet=is_json) as client:
        if dry_run:
            say_they_do_not_run(checks, quiet=is_json)
            plan = client.plan_activation(env, deployment_id, allow_empty=allow_empty)
            if is_json:
                told = {
                    "changed": plan.changed,
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
        with progress(f"activating {deployment_id} in {env}", quiet=is_json):
            done = client.activate(
                env, deployment_id, allow_empty=allow_empty, smoke=checks
            )
        if is_json:
            told = {
                "changed": done.changed,
                "smoke_tests": count_of(checks),
                "dry_run": False,
                **outcome_keys(done),
            }
            print_json(answer | told)
            return
        name = title_of(client, env, deployment_id)
    if done.outcome.activation_id is None:
        print_human(f"Nothing to do: {env} runs {name} already")
        return
    print_human(f"Activated {name} in {env}")
    left = done.outcome.from_deployment_id
    if left is not None:
        print_human(f"To undo: stopgap rollback {env_option(env)} --to {left}")
    print_seconds(done, verbose=verbose)
