"""What the plan of any verb looks like to people and to programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

import typer
from rich.text import Text

from stopgap import DatabaseError, FunctionDiff, HandEdit, Plan, Refusal
from stopgap.cli.render import (
    change_title,
    diagnostic_text,
    labelled,
    one_line,
    print_human,
    table,
    unified,
)
from stopgap.cli.wording import as_commands
from stopgap.engine.words import counted

# The refusal whose detail the diagnostics are.
_COMPILE_FAILED = "SG108"
_GOALS = {
    "deploy": "deploying {source} to {env}",
    "rollback": "rolling {env} back to deployment {target}",
    "activate": "activating deployment {target} in {env}",
    "promote": "promoting {from_env} to {env}",
    "import": "importing a bundle of {source} to {env}",
}

DryRunOption = Annotated[
    bool,
    typer.Option("--dry-run", help="Show what would happen, and change nothing."),
]
DdlOption = Annotated[
    bool, typer.Option("--ddl", help="Show the statements that a plan would run.")
]


def print_plan(plan: Plan, *, with_ddl: bool) -> None:
    """Show people what would happen, what is lost first."""
    print_human(*_parts(plan, with_ddl=with_ddl))


def fail_if_impossible(plan: Plan) -> None:
    """End with the exit code that the verb would end with."""
    if not plan.possible:
        raise typer.Exit(DatabaseError.exit_code)


def _parts(plan: Plan, *, with_ddl: bool) -> Iterator[Text | str]:
    goal = _GOALS[plan.action].format(
        source=plan.raw["source_schema"],
        env=plan.env,
        target=plan.deployment_id,
        from_env=plan.raw.get("from_env"),
    )
    yield f"Plan: {goal}" + ("" if plan.changed else ", which changes nothing")
    steps = list(_steps(plan))
    if steps:
        yield ""
        yield from steps
    # Of what is no longer deployed and stays, that was told.
    told = set(plan.retained)
    yield from changed_functions(
        [
            each
            for each in plan.functions
            if each.change != "removed" or each.fn_name not in told
        ],
        plan.diffs.get,
    )
    if plan.skipped:
        yield ""
        yield table(("skipped", "why"), list(plan.skipped.items()))
    yield ""
    yield (
        f"Live functions: {len(plan.dropped)} dropped, {len(plan.created)} created, "
        f"{len(plan.replaced)} replaced, {plan.raw['live']['unchanged']} unchanged"
        + (f", {len(plan.retained)} retained" if plan.retained else "")
    )
    if plan.raw.get("unchecked"):
        names = ", ".join(map(one_line, plan.raw["unchecked"]))
        yield f"Compiled only by the import, for what they import is not here: {names}"
    if with_ddl and plan.ddl:
        yield ""
        yield "\n".join(f"{statement};" for statement in plan.ddl)
    elif plan.ddl:
        yield f"{counted(len(plan.ddl), 'statement')} of DDL; --ddl shows them"
    if plan.event_triggers:
        names = ", ".join(map(one_line, plan.event_triggers))
        yield f"Event triggers run with it, and may refuse it: {names}"
    yield from _obstacles(plan)


def _steps(plan: Plan) -> Iterator[Text]:
    """Return what becomes of live functions beside what is deployed of them.

    What is lost comes first: functions, and what people did to some by hand.
    """
    by_hand = {each.fn_name: _by_hand(each) for each in plan.hand_edits}
    changing = {each.fn_name for each in plan.functions if each.change == "changed"}
    told = {each.fn_name for each in plan.functions if each.change != "unchanged"}
    kept_names = {kept.fn_name for kept in plan.kept}
    for name in plan.dropped:
        yield _step("drops", "red", name, by_hand.get(name))
    for name in plan.replaced:
        if name in by_hand and name in changing:
            yield _step("overwrites", "red", name, by_hand[name])
    for kept in plan.kept:
        dependents = ", ".join(kept.dependents)
        yield _step("keeps", "yellow", kept.fn_name).append(f", for {dependents}")
    for name in plan.retained:
        if name not in kept_names and name not in plan.created:
            yield _step("retains", "yellow", name)
    for name in plan.created:
        if name in by_hand or name not in told or name in plan.retained:
            yield _step("brings back", "yellow", name, by_hand.get(name))
    for name in plan.replaced:
        if name in by_hand and name not in changing:
            yield _step("puts right", "yellow", name, by_hand[name])
        elif name not in by_hand and (name not in told or name in plan.retained):
            yield _step("replaces", "yellow", name)


def _by_hand(edit: HandEdit) -> str:
    """Return what people did to a function, behind its name."""
    if edit.changed == ("added",):
        return "which was made by hand"
    if edit.changed == ("dropped",):
        return "which was dropped by hand"
    return f"changed by hand: {' and '.join(edit.changed)}"


def changed_functions(
    functions: Sequence[FunctionDiff], diff_of: Callable[[str], str | None]
) -> Iterator[Text | str]:
    """Return the functions that differ, each with the diff of its TypeScript."""
    is_apart = False
    for function in functions:
        if function.change == "unchanged":
            continue
        diff = diff_of(function.fn_name)
        # A diff stands apart from what is around it.
        if diff is not None or not is_apart:
            yield ""
        is_apart = diff is None
        yield change_title(function)
        if diff is not None:
            yield unified(diff)


def _step(verb: str, style: str, fn_name: str, more: str | None = None) -> Text:
    step = Text.assemble((verb, style), " ", (one_line(fn_name), "bold"))
    return step if more is None else step.append(f", {more}")


def _obstacles(plan: Plan) -> Iterator[Text | str]:
    yield from map(diagnostic_text, plan.diagnostics)
    for refusal in (*plan.privileges_missing, *plan.refusals):
        yield ""
        yield from _refusal(refusal)
    if not plan.possible:
        yield ""
        yield Text("This cannot be done as things are.", style="bold red")


def _refusal(refusal: Refusal) -> Iterator[Text | str]:
    yield labelled("error", refusal.message, "bold red")
    if refusal.detail and refusal.sqlstate != _COMPILE_FAILED:
        yield Text(refusal.detail)
    if refusal.hint:
        yield labelled("hint", as_commands(refusal.hint), "bold cyan")
