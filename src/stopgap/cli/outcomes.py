"""What answers say of a change that was done, whichever verb did it."""

from __future__ import annotations

from typing import Annotated

import typer

from stopgap import Plan
from stopgap.cli.render import print_human
from stopgap.results import Done

VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say how long each part took.")
]
_PHASES = {
    "lock_wait": "waiting for locks",
    "compile": "compiling",
    "ddl": "DDL",
    "total": "in all",
}


def outcome_keys(done: Done) -> dict[str, object]:
    """Return the keys that every change has in JSON."""
    return {
        "hand_edits": [each.to_json() for each in done.outcome.hand_edits],
        "seconds": dict(done.outcome.seconds),
    }


def planned_keys(plan: Plan) -> dict[str, object]:
    """Return the same keys where nothing was done."""
    return {
        "hand_edits": [each.to_json() for each in plan.hand_edits],
        "seconds": None,
    }


def print_seconds(done: Done, *, verbose: bool) -> None:
    """Say how long the database took, to who asked."""
    if verbose:
        told = [
            f"{done.outcome.seconds[phase]:.3f} {words}"
            for phase, words in _PHASES.items()
            if phase in done.outcome.seconds
        ]
        print_human(f"Seconds: {', '.join(told)}")
