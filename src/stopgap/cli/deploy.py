"""stopgap deploy: make the functions of a schema what an environment runs."""

from __future__ import annotations

from typing import Annotated

import typer

from stopgap import Plan
from stopgap.cli.making import print_made, skipped_keys
from stopgap.cli.options import (
    AllowEmptyOption,
    DbOption,
    DirOption,
    EnvOption,
    FromSchemaOption,
    IfChangedOption,
    LabelOption,
    Output,
    OutputOption,
    PruneOption,
)
from stopgap.cli.outcomes import (
    VerboseOption,
    outcome_keys,
    planned_keys,
    print_seconds,
)
from stopgap.cli.planning import DdlOption, DryRunOption, fail_if_impossible, print_plan
from stopgap.cli.provenance import (
    MessageOption,
    NoProvenanceOption,
    SourcesOption,
    of_schema,
)
from stopgap.cli.recording import recorded_failure
from stopgap.cli.render import print_json, progress
from stopgap.cli.session import open_client
from stopgap.cli.smoking import (
    SmokeOption,
    SmokeRoleOption,
    count_of,
    read_checks,
    say_they_do_not_run,
)
from stopgap.smoke import DEFAULT_ROLE


def deploy(
    from_schema: FromSchemaOption,
    db: DbOption = None,
    directory: DirOption = None,
    env: EnvOption = "prod",
    label: LabelOption = None,
    prune: PruneOption = None,
    if_changed: IfChangedOption = False,
    allow_empty: AllowEmptyOption = False,
    no_activate: Annotated[
        bool,
        typer.Option(
            "--no-activate", help="Seal the deployment, for `stopgap activate`."
        ),
    ] = False,
    smoke: SmokeOption = None,
    smoke_role: SmokeRoleOption = DEFAULT_ROLE,
    message: MessageOption = None,
    sources: SourcesOption = None,
    no_provenance: NoProvenanceOption = False,
    dry_run: DryRunOption = False,
    ddl: DdlOption = False,
    verbose: VerboseOption = False,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Deploy the functions of a schema to an environment.

    Compiles them all as one program, and makes them live in one transaction. When
    anything is wrong, nothing changes.
    """
    is_json = output is Output.JSON
    checks = read_checks(smoke, smoke_role)
    provenance = of_schema(message, sources, no_provenance=no_provenance)
    with open_client(db, directory, quiet=is_json) as client:
        if dry_run:
            say_they_do_not_run(checks, quiet=is_json)
            with progress(f"planning {from_schema} for {env}", quiet=is_json):
                plan = client.plan(
                    env, from_schema=from_schema, prune=prune, allow_empty=allow_empty
                )
            _tell_plan(plan, from_schema, with_ddl=ddl, is_json=is_json)
            return
        with (
            progress(f"deploying {from_schema} to {env}", quiet=is_json),
            recorded_failure(client, env, from_schema, label, provenance),
        ):
            deployed = client.deploy(
                env,
                from_schema=from_schema,
                label=label,
                prune=prune,
                activate=not no_activate,
                if_changed=if_changed,
                allow_empty=allow_empty,
                provenance=provenance,
                smoke=checks,
            )
        if not is_json:
            print_made(client, deployed, "Deployed", from_schema, if_changed=if_changed)
            print_seconds(deployed, verbose=verbose)
    if is_json:
        print_json(
            {
                "command": "deploy",
                "env": env,
                "from_schema": from_schema,
                "deployment_id": deployed.deployment_id,
                "prune": deployed.prune,
                "changed": deployed.changed,
                "status": deployed.deployment.status,
                "smoke_tests": count_of(checks),
                "dry_run": False,
                "skipped": skipped_keys(deployed),
                **outcome_keys(deployed),
            }
        )


def _tell_plan(plan: Plan, from_schema: str, *, with_ddl: bool, is_json: bool) -> None:
    if is_json:
        print_json(
            {
                "command": "deploy",
                "env": plan.env,
                "from_schema": from_schema,
                "deployment_id": None,
                "prune": plan.raw["prune"],
                "changed": plan.changed,
                "status": None,
                "smoke_tests": None,
                "dry_run": True,
                "skipped": plan.raw["skipped"],
                **planned_keys(plan),
                "plan": plan.raw,
            }
        )
    else:
        print_plan(plan, with_ddl=with_ddl)
    fail_if_impossible(plan)
