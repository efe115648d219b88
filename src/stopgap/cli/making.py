"""What people are told of a deployment that was made, whichever verb made it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from stopgap import Made
from stopgap.cli.render import (
    counted,
    env_option,
    one_line,
    print_human,
    table,
    title,
)
from stopgap.results import Json


def print_nothing_changed(made: Made) -> None:
    """Say that no deployment was made, for there was nothing to do."""
    print_human(f"Nothing changed: {made.env} runs {title(made.deployment)} already")


def print_made(made: Made, done: str, sections: Sequence[Text | str] = ()) -> None:
    """Say what was made and what became of live functions; `done` says how.

    `sections` is what the verb itself has to add, before what all of them tell.
    """
    deployment, manifest = made.deployment, made.deployment.manifest
    print_human(
        f"{done} {made.env}: {title(deployment)}, "
        f"{counted(deployment.function_count, 'function')}"
    )
    for section in (*sections, *_consequences(manifest)):
        print_human("", section)
    if deployment.status == "sealed":
        command = f"activate {env_option(made.env)} {deployment.id}"
        print_human("", f"To activate: stopgap {command}")
    elif made.outcome.from_deployment_id is not None:
        print_human("", f"To undo: stopgap rollback {env_option(made.env)}")


def _consequences(manifest: Json) -> Iterator[Text | str]:
    skipped = manifest.get("skipped") or ()
    if skipped:
        rows = [(each["fn_name"], each["reason"]) for each in skipped]
        yield table(("skipped", "why"), rows)
    dropped = (manifest.get("prune") or {}).get("dropped") or ()
    if dropped:
        yield f"Dropped: {', '.join(map(one_line, dropped))}"
    retained = manifest.get("retained") or ()
    if retained:
        names = ", ".join(one_line(each["fn_name"]) for each in retained)
        yield f"Still live, though not deployed: {names}"
