"""stopgap deploy: make the functions of a schema what an environment runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stopgap import Plan
from stopgap.cli.making import print_made
from stopgap.cli.options import (
    AllowEmptyOption,
    DbOption,
    EnvOption,
    FromSchemaOption,
    IfChangedOption,
    LabelOption,
    Output,
    OutputOption,
    PruneOption,
)
from stopgap.cli.planning import DdlOption, DryRunOption, fail_if_impossible, print_plan
from stopgap.cli.provenance import MessageOption, NoProvenanceOption, gather
from stopgap.cli.recording import recorded_failure
from stopgap.cli.render import print_json, print_talk, progress
from stopgap.cli.session import open_client
from stopgap.smoke import DEFAULT_ROLE, read_smoke


def deploy(
    from_schema: FromSchemaOption,
    db: DbOption = None,
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
    smoke: Annotated[
        Path | None,
        typer.Option(
            "--smoke",
            metavar="FILE",
            help="Calls that must succeed before it counts: .sql, .toml or .json.",
        ),
    ] = None,
    smoke_role: Annotated[
        str,
        typer.Option("--smoke-role", metavar="ROLE", help="Role that they run as."),
    ] = DEFAULT_ROLE,
    message: MessageOption = None,
    no_provenance: NoProvenanceOption = False,
    dry_run: DryRunOption = False,
    ddl: DdlOption = False,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Deploy the functions of a schema to an environment.

    Compiles them all as one program, and makes them live in one transaction. When
    anything is wrong, nothing changes.
    """
    is_json = output is Output.JSON
    checks = None if smoke is None else read_smoke(smoke, smoke_role)
    provenance = gather(message, no_provenance=no_provenance)
    with open_client(db, quiet=is_json) as client:
        if dry_run:
            if checks is not None and not is_json:
                print_talk("smoke tests do not run with --dry-run")
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
                "smoke_tests": None if checks is None else len(checks.checks),
                "dry_run": False,
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
                "plan": plan.raw,
            }
        )
    else:
        print_plan(plan, with_ddl=with_ddl)
    fail_if_impossible(plan)
