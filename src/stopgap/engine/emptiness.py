"""Emptiness: what would leave an environment with nothing is refused unless asked for.

A schema that was named by mistake, or that a migration has not filled yet, looks like
one whose functions were all given up.
"""

from __future__ import annotations

from collections.abc import Sequence

from .errors import EmptyRefused
from .plan import Materialization, Target, listed_names
from .source import Skipped
from .words import counted

_MAX_SKIPPED = 5


def refuse_empty(
    what: str, *, is_empty: bool, skipped: Sequence[Skipped] = (), allowed: bool
) -> None:
    """Refuse to deploy from what holds no function; `what` is its name in words."""
    if not is_empty or allowed:
        return
    shown = [f'"{each.fn_name}": {each.reason}' for each in skipped[:_MAX_SKIPPED]]
    more = len(skipped) - len(shown)
    if more > 0:
        shown.append(f"and {counted(more, 'other')}")
    raise EmptyRefused(
        f"{what} has no deployable function",
        detail=f"What it has is skipped: {'; '.join(shown)}." if shown else None,
        hint="Is it the right one? To deploy nothing all the same, use the option"
        " allow_empty (--allow-empty).",
    )


def refuse_dropping_all(
    env: str, materialization: Materialization, *, allowed: bool
) -> None:
    """Refuse a new deployment that drops every live function of its environment."""
    gone = materialization.drop
    stays = materialization.kept or materialization.replace or materialization.unchanged
    if gone and not stays and not allowed:
        raise _would_drop_all(env, [each.name for each in gone])


def refuse_leaving_nothing(
    env: str, target: Target, materialization: Materialization, *, allowed: bool
) -> None:
    """Refuse to go to a deployment with which nothing was live.

    One that brings other functions back instead restores what people know.
    """
    gone = materialization.drop
    if gone and not target.versions() and not allowed:
        raise _would_drop_all(env, [each.name for each in gone])


def _would_drop_all(env: str, names: Sequence[str]) -> EmptyRefused:
    return EmptyRefused(
        f'this would drop every live function of environment "{env}"',
        detail=f"There {'is' if len(names) == 1 else 'are'}"
        f" {counted(len(names), 'function')}: {listed_names(names)}.",
        hint="Is it what you mean? To drop them all, use the option allow_empty"
        " (--allow-empty).",
    )
