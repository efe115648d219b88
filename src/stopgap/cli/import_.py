"""stopgap import: deploy what `stopgap export` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from stopgap.bundle_file import read_bundle
from stopgap.cli.making import made_keys, print_made, tell_plan
from stopgap.cli.options import (
    AllowEmptyOption,
    DbOption,
    DirOption,
    EnvOption,
    IfChangedOption,
    LabelOption,
    Output,
    OutputOption,
    PruneOption,
)
from stopgap.cli.outcomes import VerboseOption, print_seconds
from stopgap.cli.planning import DdlOption, DryRunOption
from stopgap.cli.provenance import MessageOption, NoProvenanceOption, ci_only
from stopgap.cli.recording import recorded_failure
from stopgap.cli.render import print_json, progress, table
from stopgap.cli.session import open_client
from stopgap.cli.smoking import (
    SmokeOption,
    SmokeRoleOption,
    read_checks,
    say_they_do_not_run,
)
from stopgap.results import Json
from stopgap.smoke import DEFAULT_ROLE


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
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
    verify_key: Annotated[
        Path | None,
        typer.Option(
            "--verify-key",
            metavar="FILE",
            help="Take only what is signed with this ed25519 key (PEM).",
        ),
    ] = None,
    message: MessageOption = None,
    no_provenance: NoProvenanceOption = False,
    smoke: SmokeOption = None,
    smoke_role: SmokeRoleOption = DEFAULT_ROLE,
    dry_run: DryRunOption = False,
    ddl: DdlOption = False,
    verbose: VerboseOption = False,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Deploy what `stopgap export` wrote, compiled anew from its sources.

    JavaScript in the file is never run. Says where the compiler here makes something
    else of the sources than the file has.
    """
    is_json = output is Output.JSON
    bundle = read_bundle(file, verify_key=verify_key)
    provenance = ci_only(message, no_provenance=no_provenance)
    checks = read_checks(smoke, smoke_role)
    answer: dict[str, object] = {
        "command": "import",
        "env": env,
        "file": str(file),
        "verified": verify_key is not None,
    }
    with open_client(db, directory, quiet=is_json) as client:
        if dry_run:
            say_they_do_not_run(checks, quiet=is_json)
            with progress(f"planning {file.name} for {env}", quiet=is_json):
                plan = client.plan_import(
                    env, bundle, prune=prune, allow_empty=allow_empty
                )
            # What the compiler here makes of it, only the import tells.
            told = answer | {"differences": []}
            tell_plan(plan, told, with_ddl=ddl, is_json=is_json)
            return
        with (
            progress(f"importing {file.name} to {env}", quiet=is_json),
            recorded_failure(
                client,
                env,
                _said(bundle, "source_schema"),
                label or _said(bundle, "label"),
                provenance,
            ),
        ):
            made = client.import_deployment(
                env,
                bundle,
                label=label,
                prune=prune,
                activate=not no_activate,
                if_changed=if_changed,
                allow_empty=allow_empty,
                provenance=provenance,
                smoke=checks,
            )
        recorded = made.deployment.provenance.get("bundle") or {}
        differences = recorded.get("differences", [])
        if not is_json:
            print_made(
                client,
                made,
                "Imported",
                file.name,
                if_changed=if_changed,
                sections=[_compiled_differently(differences)] if differences else [],
            )
            print_seconds(made, verbose=verbose)
    if is_json:
        print_json(answer | {"differences": differences} | made_keys(made, checks))


def _said(bundle: Json, key: str) -> str | None:
    """Return what the bundle says of its deployment, before anybody has checked it."""
    deployment = bundle.get("deployment")
    found = deployment.get(key) if isinstance(deployment, dict) else None
    return found if isinstance(found, str) else None


def _compiled_differently(differences: list[dict[str, object]]) -> Text:
    rows = [
        (name, each["what"], each.get("compiled_by"), each.get("compiled_here_by"))
        for each in differences
        for name in _names(each)
    ]
    return table(("compiled differently", "what", "there by", "here by"), rows)


def _names(difference: dict[str, object]) -> list[object]:
    functions = difference.get("functions")
    named = list(functions) if isinstance(functions, list) else []
    return named or [difference.get("artifact_hash")]
