"""What the plan of any verb looks like to people and to programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

import typer
from rich.text import Text

from stopgap import DatabaseError, FunctionDiff, Plan, Refusal
from stopgap.cli.render import (
    change_title,
    diagnostic_text,
    labelled,
    one_line,
    print_human,
    table,
    unified,
)
from stopgap.engine.words import counted

# The refusal whose detail the diagnostics are.
_COMPILE_FAILED = "SG108"
_GOALS = {
    "deploy": "deploying {source} to {env}",
    "rollback": "rolling {env} back to deployment {target}",
    "activate": "activating deployment {target} in {env}",
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
        source=plan.raw["source_schema"], env=plan.env, target=plan.deployment_id
    )
    yield f"Plan: {goal}" + ("" if plan.changed else ", which changes nothing")
    kept_names = {kept.fn_name for kept in plan.kept}
    if plan.dropped or plan.retained or any(True for _ in _restored(plan)):
        yield ""
    for name in plan.dropped:
        yield _step("drops", "red", name)
    for kept in plan.kept:
        dependents = ", ".join(kept.dependents)
        yield _step("keeps", "yellow", kept.fn_name).append(f", for {dependents}")
    for name in plan.retained:
        if name not in kept_names and name not in plan.created:
            yield _step("retains", "yellow", name)
    yield from _restored(plan)
    yield from changed_functions(plan.functions, plan.diffs.get)
    if plan.skipped:
        yield ""
        yield table(("skipped", "why"), list(plan.skipped.items()))
    yield ""
    yield (
        f"Live functions: {len(plan.dropped)} dropped, {len(plan.created)} created, "
        f"{len(plan.replaced)} replaced, {plan.raw['live']['unchanged']} unchanged"
    )
    if with_ddl and plan.ddl:
        yield ""
        yield "\n".join(f"{statement};" for statement in plan.ddl)
    elif plan.ddl:
        yield f"{counted(len(plan.ddl), 'statement')} of DDL; --ddl shows them"
    if plan.event_triggers:
        names = ", ".join(map(one_line, plan.event_triggers))
        yield f"Event triggers run with it, and may refuse it: {names}"
    yield from _obstacles(plan)


def _restored(plan: Plan) -> Iterator[Text]:
    """Return what is put right of live functions whose deployment does not change."""
    told = {each.fn_name for each in plan.functions if each.change != "unchanged"}
    for names, verb in ((plan.created, "brings back"), (plan.replaced, "puts right")):
        for name in names:
            if name not in told or name in plan.retained:
                yield _step(verb, "yellow", name)


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


def _step(verb: str, style: str, fn_name: str) -> Text:
    return Text.assemble((verb, style), " ", (one_line(fn_name), "bold"))


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
        yield labelled("hint", refusal.hint, "bold cyan")
