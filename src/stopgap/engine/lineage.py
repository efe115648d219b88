"""The lineage of deployments: what a rollback goes back to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .errors import InvalidArgument, TooFewSteps, UnknownDeployment, UnknownLabel
from .names import quote_literal
from .states import Status, check_transition
from .words import counted


class Ancestor(NamedTuple):
    """A deployment of the lineage."""

    id: int
    status: Status


def check_steps(steps: int | None) -> int:
    """Return the steps, or refuse a number that leads nowhere."""
    if steps is None or steps < 1:
        raise InvalidArgument(
            "steps must be at least 1",
            detail=f"It is {'NULL' if steps is None else steps}.",
        )
    return steps


def target_by_steps(
    env: str,
    active_id: int,
    ancestors: Sequence[Ancestor],
    steps: int,
    count: int | None = None,
) -> Ancestor:
    """Return the deployment that many steps back.

    `ancestors` follow `previous_id` from the active deployment, nearest first; of
    `count` that there are, if some of them are no steps.
    """
    if steps > len(ancestors):
        before = "" if count in (None, len(ancestors)) else f" of {count} before it"
        raise TooFewSteps(
            f'environment "{env}" cannot go back'
            f" {counted(steps, 'step')}:"
            f" its lineage holds {len(ancestors)}",
            detail=f"Deployment {active_id} is active."
            if not before
            else f"Deployment {active_id} is active;{before} only those are steps that"
            " made something else live.",
            hint=f"stopgap.deployments({quote_literal(env)}) lists what there is.",
        )
    target = ancestors[steps - 1]
    check_transition(target.id, target.status, Status.ACTIVE)
    return target


def target_by_id(env: str, to_id: int, status: Status | None) -> Ancestor:
    """Return the deployment named; `status` is None where the environment lacks it.

    The active one is a target too: there is nothing to do then.
    """
    if status is None:
        raise unknown_deployment(env, to_id)
    if status is Status.SEALED:
        # It could become active, but there is nothing to go back to: it never was.
        raise UnknownDeployment(
            f"deployment {to_id} was never active",
            detail=f'Its status is "{status}".',
            hint="A rollback goes back to a deployment that was active once;"
            f" to go forward: stopgap.activate({quote_literal(env)}, {to_id}).",
        )
    if status is not Status.ACTIVE:
        check_transition(to_id, status, Status.ACTIVE)
    return Ancestor(to_id, status)


def target_by_label(
    env: str, label: str, found: Sequence[Ancestor], known_labels: Sequence[str]
) -> Ancestor:
    """Return the newest of the deployments found, which are sorted so."""
    if found:
        return found[0]
    listed = ", ".join(f'"{each}"' for each in known_labels)
    raise UnknownLabel(
        f'no deployment of environment "{env}" that was active has the label "{label}"',
        detail=f"Its newest labels are: {listed}." if listed else "None has a label.",
        hint=f"stopgap.deployments({quote_literal(env)}) lists its deployments.",
    )


def unknown_deployment(env: str, deployment_id: int) -> UnknownDeployment:
    """Return the refusal of a deployment that an environment lacks."""
    return UnknownDeployment(
        f'environment "{env}" has no deployment {deployment_id}',
        hint=f"stopgap.deployments({quote_literal(env)}) lists its deployments.",
    )


def on_cycles(previous: Mapping[int, int]) -> frozenset[int]:
    """Return the deployments that their own lineage leads back to.

    `previous` is what each deployment goes back to. Each is visited once.
    """
    found: set[int] = set()
    visited: set[int] = set()
    for start in previous:
        # The order in which this walk came by them.
        path: dict[int, int] = {}
        current: int | None = start
        while current is not None and current not in visited:
            visited.add(current)
            path[current] = len(path)
            current = previous.get(current)
        if current is not None and current in path:
            found.update(list(path)[path[current] :])
    return frozenset(found)
