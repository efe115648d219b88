"""The lineage of deployments: what a rollback goes back to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import InvalidArgument, TooFewSteps, UnknownDeployment
from .names import quote_literal
from .states import RETIRED, Status, check_transition


@dataclass(frozen=True, slots=True)
class Ancestor:
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
    env: str, active_id: int, ancestors: Sequence[Ancestor], steps: int
) -> Ancestor:
    """Return the deployment that many steps back.

    `ancestors` follow `previous_id` from the active deployment, nearest first.
    """
    if steps > len(ancestors):
        raise TooFewSteps(
            f'environment "{env}" cannot go back {steps} steps:'
            f" there are {len(ancestors)}",
            detail=f"Deployment {active_id} is active.",
            hint=f"stopgap.deployments({quote_literal(env)}) lists what there is.",
        )
    target = ancestors[steps - 1]
    check_transition(target.id, target.status, Status.ACTIVE)
    return target


def target_by_id(env: str, to_id: int, status: Status | None) -> Ancestor:
    """Return the deployment named; `status` is None where the environment lacks it."""
    if status is None:
        raise UnknownDeployment(
            f'environment "{env}" has no deployment {to_id}',
            hint=f"stopgap.deployments({quote_literal(env)}) lists its deployments.",
        )
    if status not in RETIRED:
        # A sealed deployment could become active, but there is nothing in it to go
        # back to: it never was.
        check_transition(to_id, status, Status.ACTIVE)
        raise UnknownDeployment(
            f"deployment {to_id} was never active",
            detail=f'Its status is "{status}".',
            hint="A rollback goes back to a deployment that was active once.",
        )
    return Ancestor(to_id, status)
