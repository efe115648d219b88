"""stopgap promote: what one environment runs becomes what another one runs."""

from __future__ import annotations

from typing import Annotated

import typer

from stopgap.cli.making import made_keys, print_made, tell_plan
from stopgap.cli.options import (
    AllowEmptyOption,
    DbOption,
    DirOption,
    IfChangedOption,
    LabelOption,
    Output,
    OutputOption,
    PruneOption,
)
from stopgap.cli.outcomes import VerboseOption, print_seconds
from stopgap.cli.planning import DdlOption, DryRunOption
from stopgap.cli.provenance import MessageOption, NoProvenanceOption, ci_only
from stopgap.cli.render import print_json, progress
from stopgap.cli.session import open_client
from stopgap.cli.smoking import (
    SmokeOption,
    SmokeRoleOption,
    read_checks,
    say_they_do_not_run,
)
from stopgap.smoke import DEFAULT_ROLE


def promote(
    from_env: Annotated[
        str, typer.Option("--from", metavar="ENV", help="Environment to take it from.")
    ],
    to_env: Annotated[
        str, typer.Option("--to", metavar="ENV", help="Environment to bring it to.")
    ],
    db: DbOption = None,
    directory: DirOption = None,
    label: LabelOption = None,
    prune: PruneOption = None,
    if_changed: IfChangedOption = False,
    allow_empty: AllowEmptyOption = False,
    message: MessageOption = None,
    no_provenance: NoProvenanceOption = False,
    smoke: SmokeOption = None,
    smoke_role: SmokeRoleOption = DEFAULT_ROLE,
    dry_run: DryRunOption = False,
    ddl: DdlOption = False,
    verbose: VerboseOption = False,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Deploy to an environment exactly what another one runs.

    Nothing is compiled: the same artifacts become active, byte for byte. Both
    environments are of one database; see `stopgap export` for others.
    """
    is_json = output is Output.JSON
    provenance = ci_only(message, no_provenance=no_provenance)
    checks = read_checks(smoke, smoke_role)
    answer: dict[str, object] = {
        "command": "promote",
        "from_env": from_env,
        "to_env": to_env,
    }
    with open_client(db, directory, quiet=is_json) as client:
        if dry_run:
            say_they_do_not_run(checks, quiet=is_json)
            with progress(f"planning {from_env} for {to_env}", quiet=is_json):
                plan = client.plan_promotion(
                    from_env, to_env, prune=prune, allow_empty=allow_empty
                )
            tell_plan(plan, answer, with_ddl=ddl, is_json=is_json)
            return
        with progress(f"promoting {from_env} to {to_env}", quiet=is_json):
            made = client.promote(
                from_env,
                to_env,
                label=label,
                prune=prune,
                if_changed=if_changed,
                allow_empty=allow_empty,
                provenance=provenance,
                smoke=checks,
            )
        if not is_json:
            print_made(client, made, "Promoted", from_env, if_changed=if_changed)
            print_seconds(made, verbose=verbose)
    if is_json:
        print_json(answer | made_keys(made, checks))
