"""What people are told of a deployment that was made, whichever verb made it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from stopgap import Client, Made, StopgapError
from stopgap.cli.render import (
    env_option,
    one_line,
    print_human,
    table,
    title,
)
from stopgap.engine.words import counted
from stopgap.results import Json

_COLUMNS = ("function", "change")


def print_made(
    client: Client,
    made: Made,
    done: str,
    what: str,
    *,
    if_changed: bool,
    sections: Sequence[Text | str] = (),
) -> None:
    """Say what was made and what became of live functions.

    `done` is the verb's word for it, and `what` it was done to; `sections` is what the
    verb itself has to add.
    """
    env, deployment = made.env, made.deployment
    if if_changed and not made.changed:
        print_human(f"Nothing changed: {env} runs {title(deployment)} already")
        return
    is_sealed = deployment.status == "sealed"
    made_of = f"Sealed {what} for" if is_sealed else f"{done} {what} to"
    print_human(
        f"{made_of} {env}: {title(deployment)}, "
        f"{counted(deployment.function_count, 'function')}"
    )
    consequences = _consequences(deployment.manifest)
    for section in (*_changes(client, made), *sections, *consequences):
        print_human("", section)
    if is_sealed:
        command = f"activate {env_option(env)} {deployment.id}"
        print_human("", f"To activate: stopgap {command}")
    elif made.outcome.from_deployment_id is not None:
        print_human("", f"To undo: stopgap rollback {env_option(env)}")


def _changes(client: Client, made: Made) -> Iterator[Text | str]:
    """Return what differs from what was active before, function by function."""
    deployment, before = made.deployment, made.outcome.from_deployment_id
    if deployment.status == "active" and before is None:
        rows = [(each.fn_name, "added") for each in deployment.functions or ()]
        if rows:
            yield table(_COLUMNS, rows)
        return
    try:
        found = client.diff(made.env, deployment=deployment.id, against=before)
    except StopgapError:
        # The deployment is made, whatever keeps it from being compared.
        return
    rows = [
        (each.fn_name, each.change)
        for each in found.functions
        if each.change != "unchanged"
    ]
    unchanged = f"{found.unchanged} unchanged" if found.unchanged else ""
    if rows:
        changed = table(_COLUMNS, rows)
        yield changed.append(f"\n{unchanged}") if unchanged else changed
    elif unchanged:
        yield unchanged


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
