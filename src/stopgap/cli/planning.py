"""What the plan of any verb looks like to people and to programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from stopgap import DatabaseError, Plan, Refusal
from stopgap.cli.render import (
    change_title,
    counted,
    diagnostic_text,
    labelled,
    print_human,
    table,
    unified,
)

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


def _parts(plan: Plan, *, with_ddl: bool) -> Iterator[RenderableType]:
    goal = _GOALS[plan.action].format(
        source=plan.raw["source_schema"], env=plan.env, target=plan.deployment_id
    )
    yield f"Plan: {goal}" + ("" if plan.changed else ", which changes nothing")
    kept_names = {kept.fn_name for kept in plan.kept}
    if plan.dropped or plan.retained:
        yield ""
    for name in plan.dropped:
        yield Text.assemble(("drops", "red"), " ", (name, "bold"))
    for kept in plan.kept:
        dependents = ", ".join(kept.dependents)
        yield Text.assemble(
            ("keeps", "yellow"), " ", (kept.fn_name, "bold"), f", for {dependents}"
        )
    for name in plan.retained:
        if name not in kept_names:
            yield Text.assemble(("retains", "yellow"), " ", (name, "bold"))
    is_apart = False
    for function in plan.functions:
        if function.change == "unchanged":
            continue
        has_diff = function.fn_name in plan.diffs
        # A diff stands apart from what is around it.
        if has_diff or not is_apart:
            yield ""
        is_apart = not has_diff
        yield change_title(function)
        if has_diff:
            yield unified(plan.diffs[function.fn_name])
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
    yield from _obstacles(plan)


def _obstacles(plan: Plan) -> Iterator[RenderableType]:
    yield from map(diagnostic_text, plan.diagnostics)
    for refusal in (*plan.privileges_missing, *plan.refusals):
        yield ""
        yield from _refusal(refusal)
    if not plan.possible:
        yield ""
        yield Text("This cannot be done as things are.", style="bold red")


def _refusal(refusal: Refusal) -> Iterator[RenderableType]:
    yield labelled("error", refusal.message, "bold red")
    if refusal.detail and refusal.sqlstate != _COMPILE_FAILED:
        yield Text(refusal.detail)
    if refusal.hint:
        yield labelled("hint", refusal.hint, "bold cyan")
