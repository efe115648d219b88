"""stopgap deploy: make the functions of a schema what an environment runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from stopgap import Client, DatabaseError, Deployed, Diff
from stopgap.cli.making import print_made, print_nothing_changed
from stopgap.cli.options import (
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
from stopgap.cli.render import print_json, print_talk, progress, table
from stopgap.cli.session import open_client
from stopgap.smoke import DEFAULT_ROLE, read_smoke


def deploy(
    from_schema: FromSchemaOption,
    db: DbOption = None,
    env: EnvOption = "prod",
    label: LabelOption = None,
    prune: PruneOption = None,
    if_changed: IfChangedOption = False,
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
            _plan(client, env, from_schema, prune, with_ddl=ddl, is_json=is_json)
            return
        changes = None if is_json else _foreseen(client, env, from_schema)
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
                provenance=provenance,
                smoke=checks,
            )
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
    else:
        _print_human(deployed, changes, if_changed=if_changed)


def _plan(
    client: Client,
    env: str,
    from_schema: str,
    prune: bool | None,
    *,
    with_ddl: bool,
    is_json: bool,
) -> None:
    with progress(f"planning {from_schema} for {env}", quiet=is_json):
        plan = client.plan(env, from_schema=from_schema, prune=prune)
    if is_json:
        print_json(
            {
                "command": "deploy",
                "env": env,
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


def _foreseen(client: Client, env: str, from_schema: str) -> Diff | None:
    """Return what the deploy will change; what is wrong, the deploy itself will say."""
    try:
        return client.diff(env, from_schema=from_schema)
    except DatabaseError:
        return None


def _print_human(deployed: Deployed, changes: Diff | None, *, if_changed: bool) -> None:
    if if_changed and not deployed.changed:
        print_nothing_changed(deployed)
        return
    schema = deployed.from_schema
    is_sealed = deployed.deployment.status == "sealed"
    print_made(
        deployed,
        f"Sealed {schema} for" if is_sealed else f"Deployed {schema} to",
        [] if changes is None else _changes(changes),
    )


def _changes(changes: Diff) -> list[Text | str]:
    rows = [
        (each.fn_name, each.change)
        for each in changes.functions
        if each.change != "unchanged"
    ]
    unchanged = f"{changes.unchanged} unchanged" if changes.unchanged else ""
    if not rows:
        return [unchanged] if unchanged else []
    changed = table(("function", "change"), rows)
    return [changed.append(f"\n{unchanged}") if unchanged else changed]
