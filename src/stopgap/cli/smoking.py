"""What the verbs that can run smoke tests have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stopgap.cli.render import print_talk
from stopgap.smoke import Smoke, read_smoke

SmokeOption = Annotated[
    Path | None,
    typer.Option(
        "--smoke",
        metavar="FILE",
        help="Calls that must succeed before it counts: .sql, .toml or .json.",
    ),
]
SmokeRoleOption = Annotated[
    str,
    typer.Option("--smoke-role", metavar="ROLE", help="Role that they run as."),
]


def read_checks(file: Path | None, role: str) -> Smoke | None:
    """Return the checks of a file, None where none is given."""
    return None if file is None else read_smoke(file, role)


def count_of(checks: Smoke | None) -> int | None:
    """Return how many checks ran, for answers in JSON."""
    return None if checks is None else len(checks.checks)


def say_they_do_not_run(checks: Smoke | None, *, quiet: bool) -> None:
    """Tell who asks for checks in a dry run that there is nothing to check."""
    if checks is not None and not quiet:
        print_talk("smoke tests do not run with --dry-run")
