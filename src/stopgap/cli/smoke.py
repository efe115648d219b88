"""stopgap smoke: run smoke tests against what is live."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stopgap.cli.options import DbOption, DirOption, EnvOption, Output, OutputOption
from stopgap.cli.render import print_human, print_json, progress
from stopgap.cli.session import open_client
from stopgap.cli.smoking import SmokeRoleOption, count_of
from stopgap.engine.words import counted
from stopgap.smoke import DEFAULT_ROLE, read_smoke


def smoke(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    db: DbOption = None,
    directory: DirOption = None,
    env: EnvOption = "prod",
    smoke_role: SmokeRoleOption = DEFAULT_ROLE,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Run smoke tests against what an environment runs.

    FILE is that of `stopgap deploy --smoke`: .sql, .toml or .json. What the calls do is
    undone. Exits 16 where one fails.
    """
    is_json = output is Output.JSON
    checks = read_smoke(file, smoke_role)
    with (
        open_client(db, directory, quiet=is_json) as client,
        progress(f"testing {env}", quiet=is_json),
    ):
        client.smoke(env, checks)
    if is_json:
        print_json({"command": "smoke", "env": env, "smoke_tests": count_of(checks)})
    else:
        print_human(f"{counted(len(checks.checks), 'smoke test')} succeeded in {env}")
