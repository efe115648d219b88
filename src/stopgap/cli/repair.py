"""stopgap repair: make the live schema again what the deployment says."""

from __future__ import annotations

from stopgap import Repaired
from stopgap.cli.options import DbOption, DirOption, EnvOption, Output, OutputOption
from stopgap.cli.planning import DdlOption, DryRunOption
from stopgap.cli.render import print_human, print_json, progress, table
from stopgap.cli.session import open_client


def repair(
    db: DbOption = None,
    directory: DirOption = None,
    env: EnvOption = "prod",
    dry_run: DryRunOption = False,
    ddl: DdlOption = False,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Undo what people did by hand to an environment's live functions.

    Functions that they made there themselves are left alone. `stopgap status` tells
    what has drifted.
    """
    is_json = output is Output.JSON
    with (
        open_client(db, directory, quiet=is_json) as client,
        progress(f"repairing {env}", quiet=is_json),
    ):
        done = client.repair(env, dry_run=dry_run)
    if is_json:
        print_json(
            {
                "command": "repair",
                "env": env,
                "changed": done.changed,
                "dry_run": dry_run,
                "repair": done.raw,
            }
        )
    else:
        _print_human(done, with_ddl=ddl)


def _print_human(done: Repaired, *, with_ddl: bool) -> None:
    place = f"{done.env}, which runs deployment {done.deployment_id}"
    if not done.changed:
        print_human(f"Nothing to repair in {place}")
    else:
        print_human(f"{'Would repair' if done.dry_run else 'Repaired'} {place}")
        rows = [
            *((name, "created again") for name in done.created),
            *(
                (name, f"replaced, for its {' and '.join(what)}")
                for name, what in done.replaced.items()
            ),
            *((name, "dropped, for the deployment lacks it") for name in done.dropped),
        ]
        if rows:
            print_human("", table(("function", "repair"), rows))
    if done.left:
        print_human("", f"Left alone: {', '.join(done.left)}")
    if with_ddl and done.ddl:
        print_human("", "\n".join(f"{statement};" for statement in done.ddl))
