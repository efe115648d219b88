"""stopgap verify: check the catalog, and what is live."""

from __future__ import annotations

import typer

from stopgap.cli.diff import DIFFERENCES
from stopgap.cli.options import AnyEnvOption, DbOption, Output, OutputOption
from stopgap.cli.render import print_human, print_json, progress, table
from stopgap.cli.session import open_client
from stopgap.engine.words import counted


def verify(
    db: DbOption = None,
    env: AnyEnvOption = None,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Check that everything stopgap keeps is whole and fits together.

    Hashes, pointers, statuses, lineage, live schemas, foreign keys, roles and
    privileges. Changes nothing; exits 3 when anything is wrong.
    """
    is_json = output is Output.JSON
    with (
        open_client(db, quiet=is_json) as client,
        progress("verifying", quiet=is_json),
    ):
        found = client.verify(env=env)
    findings = found["findings"]
    if is_json:
        print_json({"command": "verify", "env": env, **found})
    elif findings:
        rows = [(each["check"], each["message"], each["hint"]) for each in findings]
        print_human(table(("check", "what is wrong", "what to do"), rows))
    else:
        checked = ", ".join(
            counted(count, what.removesuffix("s"))
            for what, count in found["checked"].items()
        )
        print_human(f"Nothing is wrong ({checked})")
    if findings:
        raise typer.Exit(DIFFERENCES)
