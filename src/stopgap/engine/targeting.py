"""Targeting: which deployment a rollback, an activation or their plan means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .database import Database, Severity
from .errors import InvalidArgument, InvalidOption, NoActiveDeployment
from .lineage import (
    Ancestor,
    check_steps,
    target_by_id,
    target_by_label,
    target_by_steps,
    unknown_deployment,
)
from .session import Session
from .states import Status, check_transition
from .store import (
    Environment,
    StoredDeployment,
    deployment_status,
    find_deployment,
    labelled,
    lineage,
    newest_labels,
)

_MAX_LABELS = 10
_MAX_IDS = 10


class Request(NamedTuple):
    """Where a rollback is to go; an id or a label wins over the steps."""

    steps: int = 1
    to_id: int | None = None
    to_label: str | None = None


def check_request(
    steps: int | None, to_id: int | None, to_label: str | None
) -> Request:
    """Return where a rollback is to go, or refuse what leads nowhere."""
    if to_id is not None and to_label is not None:
        raise InvalidOption(
            'option "to_label" and a deployment id exclude each other',
            detail=f'The id is {to_id}, and the label "{to_label}".',
            hint="Name the deployment by one of them.",
        )
    if to_id is not None or to_label is not None:
        return Request(to_id=to_id, to_label=to_label)
    return Request(steps=check_steps(steps))


def rollback_target(
    session: Session, environment: Environment, request: Request
) -> Ancestor:
    """Return the deployment that a rollback goes to."""
    database, env = session.database, environment.env
    if request.to_id is not None:
        status = deployment_status(database, env, request.to_id)
        return target_by_id(env, request.to_id, status)
    if request.to_label is not None:
        found = labelled(database, env, request.to_label)
        labels = [] if found else newest_labels(database, env, _MAX_LABELS)
        target = target_by_label(env, request.to_label, found, labels)
        _list_others(session, request.to_label, found)
        return target
    active_id = environment.active_deployment_id
    if active_id is None:
        raise NoActiveDeployment(
            f'environment "{env}" has no active deployment',
            hint="Deploy to it, or name a deployment of it with to_id.",
        )
    ancestors = lineage(database, active_id, request.steps)
    return target_by_steps(env, active_id, ancestors, request.steps)


def activation_target(
    database: Database, environment: Environment, deployment_id: int | None
) -> StoredDeployment:
    """Return the deployment that is to be activated, or refuse it."""
    if deployment_id is None:
        raise InvalidArgument(
            "deployment_id must not be NULL", hint="Name a deployment."
        )
    found = find_deployment(database, deployment_id)
    if found is None or found.env != environment.env:
        raise unknown_deployment(environment.env, deployment_id)
    if found.status is not Status.ACTIVE:
        check_transition(deployment_id, found.status, Status.ACTIVE)
    return found


def _list_others(session: Session, label: str, found: Sequence[Ancestor]) -> None:
    target, *others = found
    if others:
        ids = ", ".join(str(each.id) for each in others[:_MAX_IDS])
        if len(others) > _MAX_IDS:
            ids = f"{ids} and {len(others) - _MAX_IDS} more"
        session.database.say(
            Severity.NOTICE,
            f'label "{label}" means deployment {target.id}, the newest;'
            f" it is that of {ids} too",
        )
