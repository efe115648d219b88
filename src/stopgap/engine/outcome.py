"""What a verb did, told to its caller beside the id that it returns.

The setting `stopgap.outcome` holds it until the transaction ends. A session cannot
tell by comparing ids: what it saw before the call may be older than the lock that
the call waited for.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from .plan import HandEdit, Materialization
from .session import Session


class Outcome(NamedTuple):
    """What became of an environment, in numbers of live functions."""

    deployment_id: int
    # Whether there was anything to do: to the live functions, or to which of them
    # are deployed.
    changed: bool
    # The entry of the log, and what was active before: None where nothing was done.
    activation_id: int | None = None
    from_deployment_id: int | None = None
    created: int = 0
    replaced: int = 0
    dropped: int = 0
    kept: int = 0
    # What people had done by hand to those functions.
    hand_edits: tuple[HandEdit, ...] = ()
    # Deployments that a rollback by steps went past, for they made nothing else live.
    passed_over: tuple[int, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return it as the setting has it."""
        return {
            **self._asdict(),
            "hand_edits": [each.to_json() for each in self.hand_edits],
            "passed_over": list(self.passed_over),
        }


def activated(
    deployment_id: int,
    from_deployment_id: int | None,
    activation_id: int,
    materialization: Materialization,
    *,
    changed: bool,
) -> Outcome:
    """Return the outcome of an activation."""
    return Outcome(
        deployment_id=deployment_id,
        changed=changed,
        activation_id=activation_id,
        from_deployment_id=from_deployment_id,
        created=len(materialization.create),
        replaced=len(materialization.replace),
        dropped=len(materialization.drop),
        kept=len(materialization.kept),
        hand_edits=materialization.hand_edits,
    )


def tell_outcome(session: Session, outcome: Outcome) -> None:
    """Let the caller read it in the same transaction, with how long it took."""
    told = {**outcome.to_json(), "seconds": session.seconds.report()}
    session.database.fetch("set_outcome", outcome=json.dumps(told, ensure_ascii=False))
