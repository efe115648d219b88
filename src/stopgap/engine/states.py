"""The states of a deployment, and the transitions between them."""

from __future__ import annotations

from enum import StrEnum

from .errors import IllegalTransition


class Status(StrEnum):
    """What a deployment is; the values of `stopgap.deployment.status`."""

    OPEN = "open"
    SEALED = "sealed"
    ACTIVE = "active"
    SUPERSEDED = "superseded"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"
    # Past the retention policy: only its row is left, for the audit to refer to.
    REMOVED = "removed"


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.OPEN: frozenset({Status.SEALED, Status.FAILED}),
    Status.SEALED: frozenset({Status.ACTIVE, Status.FAILED}),
    Status.ACTIVE: frozenset({Status.SUPERSEDED, Status.ROLLED_BACK}),
    Status.SUPERSEDED: frozenset({Status.ACTIVE, Status.REMOVED}),
    Status.ROLLED_BACK: frozenset({Status.ACTIVE, Status.REMOVED}),
    Status.FAILED: frozenset(),
    Status.REMOVED: frozenset(),
}

# The states of a deployment that was active once and is not any more: what a
# rollback may return to.
RETIRED = frozenset({Status.SUPERSEDED, Status.ROLLED_BACK})


def check_transition(deployment_id: int, old: Status, new: Status) -> None:
    """Refuse a transition that the table does not have."""
    if new in TRANSITIONS[old]:
        return
    reachable = ", ".join(sorted(TRANSITIONS[old])) or "no other status"
    raise IllegalTransition(
        f'deployment {deployment_id} cannot go from "{old}" to "{new}"',
        detail=f'From "{old}" a deployment goes to: {reachable}.',
        hint=_HINTS.get((old, new)),
    )


_HINTS = {
    (Status.ACTIVE, Status.ACTIVE): "It is what the environment runs already.",
    (Status.SEALED, Status.ACTIVE): None,
    (Status.FAILED, Status.ACTIVE): "A failed deployment never ran: deploy again.",
    (Status.REMOVED, Status.ACTIVE): "Its functions were removed by stopgap.gc().",
}
