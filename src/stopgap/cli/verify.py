"""stopgap verify: check the catalog, and what is live."""

from __future__ import annotations

from typing import Annotated

import typer

from stopgap.cli.diff import DIFFERENCES
from stopgap.cli.options import AnyEnvOption, DbOption, DirOption, Output, OutputOption
from stopgap.cli.render import one_line, print_human, print_json, progress, table
from stopgap.cli.session import open_client
from stopgap.cli.wording import as_commands
from stopgap.engine.words import counted
from stopgap.results import Json


def verify(
    db: DbOption = None,
    directory: DirOption = None,
    env: AnyEnvOption = None,
    allow_added: Annotated[
        bool,
        typer.Option(
            "--allow-added",
            help="Accept functions that people made in live schemas themselves.",
        ),
    ] = False,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Check that everything stopgap keeps is whole and fits together.

    Hashes, pointers, statuses, lineage, live schemas, foreign keys, roles and
    privileges. Changes nothing; exits 3 when anything is wrong that is not
    accepted.
    """
    is_json = output is Output.JSON
    with (
        open_client(db, directory, quiet=is_json) as client,
        progress("verifying", quiet=is_json),
    ):
        found = client.verify(env=env)
    accepted: list[Json] = []
    findings: list[Json] = []
    for each in found["findings"]:
        each["hint"] = as_commands(each["hint"])
        is_accepted = allow_added and each.get("is_foreign")
        (accepted if is_accepted else findings).append(each)
    if is_json:
        told = {"ok": not findings, "findings": findings, "accepted": accepted}
        print_json({"command": "verify", "env": env, **found, **told})
    elif findings:
        rows = [(each["check"], each["message"], each["hint"]) for each in findings]
        print_human(table(("check", "what is wrong", "what to do"), rows))
    else:
        checked = ", ".join(
            counted(count, what.removesuffix("s"))
            for what, count in found["checked"].items()
        )
        print_human(f"Nothing is wrong ({checked})")
    if accepted and not is_json:
        names = ", ".join(one_line(each["fn_name"]) for each in accepted)
        print_human("", f"Accepted, since people made them: {names}")
    if findings:
        raise typer.Exit(DIFFERENCES)
