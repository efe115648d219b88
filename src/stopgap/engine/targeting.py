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
    target_of,
)
from .version import same_functions
from .words import counted

_MAX_LABELS = 10
_MAX_IDS = 10


class Request(NamedTuple):
    """Where a rollback is to go; an id or a label wins over the steps."""

    steps: int = 1
    to_id: int | None = None
    to_label: str | None = None


class Destination(NamedTuple):
    """The deployment that a rollback goes to."""

    ancestor: Ancestor
    # Those that it goes past without a step, for they made nothing else live.
    passed_over: tuple[int, ...] = ()


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
) -> Destination:
    """Return the deployment that a rollback goes to."""
    database, env = session.database, environment.env
    if request.to_id is not None:
        status = deployment_status(database, env, request.to_id)
        return Destination(target_by_id(env, request.to_id, status))
    if request.to_label is not None:
        found = labelled(database, env, request.to_label)
        labels = [] if found else newest_labels(database, env, _MAX_LABELS)
        target = target_by_label(env, request.to_label, found, labels)
        _list_others(session, request.to_label, found)
        return Destination(target)
    active_id = environment.active_deployment_id
    if active_id is None:
        raise NoActiveDeployment(
            f'environment "{env}" has no active deployment',
            hint="Deploy to it, or name a deployment of it with to_id.",
        )
    return _by_steps(session, env, active_id, request.steps)


def _by_steps(session: Session, env: str, active_id: int, steps: int) -> Destination:
    """Return the deployment that many steps back, each to one that differs.

    Who rolls back wants something else to be live: deployments that changed nothing, as
    pipelines make them, are no steps. Where none differs, all of them are.
    """
    database = session.database
    ancestors = lineage(database, active_id)
    differing: list[Ancestor] = []
    passed_over: list[int] = []
    # Since the last one that differs.
    alike: list[int] = []
    functions = target_of(database, active_id).versions()
    for each in ancestors:
        found = target_of(database, each.id).versions()
        if same_functions(found, functions):
            alike.append(each.id)
            continue
        functions = found
        differing.append(each)
        passed_over += alike
        alike.clear()
        if len(differing) == steps:
            break
    if not differing and steps <= len(ancestors):
        database.say(
            Severity.WARNING,
            f"no deployment before {active_id} made anything else live:"
            " going back changes nothing",
        )
        return Destination(target_by_steps(env, active_id, ancestors, steps))
    target = target_by_steps(env, active_id, differing, steps, len(ancestors))
    if passed_over:
        database.say(
            Severity.NOTICE,
            f"{counted(len(passed_over), 'deployment')} passed over that made nothing"
            f" else live: {_ids(passed_over)}",
        )
    return Destination(target, tuple(passed_over))


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
        session.database.say(
            Severity.NOTICE,
            f'label "{label}" means deployment {target.id}, the newest;'
            f" it is that of {_ids([each.id for each in others])} too",
        )


def _ids(deployments: Sequence[int]) -> str:
    listed = ", ".join(map(str, deployments[:_MAX_IDS]))
    more = len(deployments) - _MAX_IDS
    return f"{listed} and {more} more" if more > 0 else listed
