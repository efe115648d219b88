"""stopgap promote: what one environment runs becomes what another one runs."""

from __future__ import annotations

from typing import Annotated

import typer

from stopgap.cli.making import print_made
from stopgap.cli.options import (
    AllowEmptyOption,
    DbOption,
    IfChangedOption,
    LabelOption,
    Output,
    OutputOption,
    PruneOption,
)
from stopgap.cli.provenance import MessageOption, NoProvenanceOption, ci_only
from stopgap.cli.render import print_json, progress
from stopgap.cli.session import open_client


def promote(
    from_env: Annotated[
        str, typer.Option("--from", metavar="ENV", help="Environment to take it from.")
    ],
    to_env: Annotated[
        str, typer.Option("--to", metavar="ENV", help="Environment to bring it to.")
    ],
    db: DbOption = None,
    label: LabelOption = None,
    prune: PruneOption = None,
    if_changed: IfChangedOption = False,
    allow_empty: AllowEmptyOption = False,
    message: MessageOption = None,
    no_provenance: NoProvenanceOption = False,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Deploy to an environment exactly what another one runs.

    Nothing is compiled: the same artifacts become active, byte for byte. Both
    environments are of one database; see `stopgap export` for others.
    """
    is_json = output is Output.JSON
    provenance = ci_only(message, no_provenance=no_provenance)
    with open_client(db, quiet=is_json) as client:
        with progress(f"promoting {from_env} to {to_env}", quiet=is_json):
            made = client.promote(
                from_env,
                to_env,
                label=label,
                prune=prune,
                if_changed=if_changed,
                allow_empty=allow_empty,
                provenance=provenance,
            )
        if not is_json:
            print_made(client, made, "Promoted", from_env, if_changed=if_changed)
    if is_json:
        print_json(
            {
                "command": "promote",
                "from_env": from_env,
                "to_env": to_env,
                "deployment_id": made.deployment.id,
                "changed": made.changed,
            }
        )
