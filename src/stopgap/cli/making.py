"""What people are told of a deployment that was made, whichever verb made it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from stopgap import Client, Made, Plan, StopgapError
from stopgap.cli.outcomes import outcome_keys, planned_keys
from stopgap.cli.planning import fail_if_impossible, print_plan
from stopgap.cli.render import (
    env_option,
    one_line,
    print_human,
    print_json,
    table,
    title,
)
from stopgap.cli.smoking import count_of
from stopgap.engine.words import counted
from stopgap.results import Json
from stopgap.smoke import Smoke

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


def made_keys(made: Made, checks: Smoke | None) -> dict[str, object]:
    """Return what promotions and imports answer in JSON of what they made."""
    return {
        "deployment_id": made.deployment.id,
        "status": made.deployment.status,
        "changed": made.changed,
        "smoke_tests": count_of(checks),
        "dry_run": False,
        "skipped": skipped_keys(made),
        **outcome_keys(made),
    }


def tell_plan(
    plan: Plan, answer: dict[str, object], *, with_ddl: bool, is_json: bool
) -> None:
    """Show the plan of a promotion or an import, and end as that would."""
    if is_json:
        told = {
            "deployment_id": None,
            "status": None,
            "changed": plan.changed,
            "smoke_tests": None,
            "dry_run": True,
            "skipped": plan.raw["skipped"],
            **planned_keys(plan),
            "plan": plan.raw,
        }
        print_json(answer | told)
    else:
        print_plan(plan, with_ddl=with_ddl)
    fail_if_impossible(plan)


def skipped_keys(made: Made) -> list[Json]:
    """Return what was not deployed, and why, for answers in JSON."""
    return list(made.deployment.manifest.get("skipped") or ())


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
    becomes = _becomes(deployment.manifest)
    rows = [
        (each.fn_name, becomes.get(each.fn_name, each.change))
        for each in found.functions
        if each.change != "unchanged"
    ]
    unchanged = f"{found.unchanged} unchanged" if found.unchanged else ""
    if rows:
        changed = table(_COLUMNS, rows)
        yield changed.append(f"\n{unchanged}") if unchanged else changed
    elif unchanged:
        yield unchanged


def _becomes(manifest: Json) -> dict[str, str]:
    """Return what became of functions that are no longer deployed."""
    dropped = (manifest.get("prune") or {}).get("dropped") or ()
    retained = [each["fn_name"] for each in manifest.get("retained") or ()]
    return dict.fromkeys(dropped, "dropped") | dict.fromkeys(retained, "retained")


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
