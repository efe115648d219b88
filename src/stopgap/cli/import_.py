"""stopgap import: deploy what `stopgap export` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from stopgap.bundle_file import read_bundle
from stopgap.cli.making import print_made
from stopgap.cli.options import (
    AllowEmptyOption,
    DbOption,
    EnvOption,
    IfChangedOption,
    LabelOption,
    Output,
    OutputOption,
    PruneOption,
)
from stopgap.cli.provenance import MessageOption, NoProvenanceOption, ci_only
from stopgap.cli.recording import recorded_failure
from stopgap.cli.render import print_json, progress, table
from stopgap.cli.session import open_client
from stopgap.results import Json


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
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
    output: OutputOption = Output.HUMAN,
) -> None:
    """Deploy what `stopgap export` wrote, compiled anew from its sources.

    JavaScript in the file is never run. Says where the compiler here makes something
    else of the sources than the file has.
    """
    is_json = output is Output.JSON
    bundle = read_bundle(file, verify_key=verify_key)
    provenance = ci_only(message, no_provenance=no_provenance)
    with open_client(db, quiet=is_json) as client:
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
    if is_json:
        print_json(
            {
                "command": "import",
                "env": env,
                "file": str(file),
                "deployment_id": made.deployment.id,
                "status": made.deployment.status,
                "changed": made.changed,
                "verified": verify_key is not None,
                "differences": differences,
            }
        )


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
