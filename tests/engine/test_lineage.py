"""What a rollback goes back to."""

from __future__ import annotations

import pytest

from stopgap.engine.errors import (
    IllegalTransition,
    InvalidArgument,
    TooFewSteps,
    UnknownDeployment,
    UnknownLabel,
)
from stopgap.engine.lineage import (
    Ancestor,
    check_steps,
    on_cycles,
    target_by_id,
    target_by_label,
    target_by_steps,
)
from stopgap.engine.states import Status

LINEAGE = [Ancestor(4, Status.SUPERSEDED), Ancestor(1, Status.ROLLED_BACK)]


@pytest.mark.parametrize(("steps", "target"), [(1, 4), (2, 1)])
def test_steps_follow_the_lineage(steps: int, target: int) -> None:
    assert target_by_steps("prod", 5, LINEAGE, steps).id == target


def test_too_few_steps_say_how_many_there_are() -> None:
    with pytest.raises(TooFewSteps, match="lineage holds 2"):
        target_by_steps("prod", 5, LINEAGE, 3)


@pytest.mark.parametrize("steps", [None, 0, -1])
def test_steps_that_lead_nowhere_are_refused(steps: int | None) -> None:
    with pytest.raises(InvalidArgument, match="steps"):
        check_steps(steps)


@pytest.mark.parametrize("status", [Status.SUPERSEDED, Status.ROLLED_BACK])
def test_an_id_names_a_deployment_that_was_active(status: Status) -> None:
    assert target_by_id("prod", 3, status) == Ancestor(3, status)


def test_an_id_of_another_environment_is_refused() -> None:
    with pytest.raises(UnknownDeployment, match="no deployment 3"):
        target_by_id("prod", 3, None)


def test_what_was_never_active_is_refused() -> None:
    with pytest.raises(UnknownDeployment, match="never active"):
        target_by_id("prod", 3, Status.SEALED)


def test_the_active_deployment_is_a_target_too() -> None:
    assert target_by_id("prod", 3, Status.ACTIVE) == Ancestor(3, Status.ACTIVE)


def test_a_label_means_the_newest_deployment_with_it() -> None:
    found = [Ancestor(4, Status.SUPERSEDED), Ancestor(1, Status.ROLLED_BACK)]

    assert target_by_label("prod", "v1", found, []).id == 4


def test_a_label_that_nothing_has_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UnknownLabel, match='"v9"') as refused:
        target_by_label("prod", "v9", [], ["v2", "v1"])

    assert refused.value.detail == 'Its newest labels are: "v2", "v1".'


@pytest.mark.parametrize("status", [Status.OPEN, Status.FAILED])
def test_what_cannot_become_active_is_refused(status: Status) -> None:
    with pytest.raises(IllegalTransition):
        target_by_id("prod", 3, status)


@pytest.mark.parametrize(
    ("previous", "looping"),
    [
        ({}, set()),
        ({2: 1, 3: 2, 4: 2}, set()),
        ({2: 1, 1: 2}, {1, 2}),
        ({5: 4, 4: 3, 3: 2, 2: 3, 7: 6}, {2, 3}),
        ({1: 1}, {1}),
        ({2: 1, 1: 2, 4: 3, 3: 4, 6: 1}, {1, 2, 3, 4}),
    ],
)
def test_only_what_is_on_a_cycle_leads_back_to_itself(
    previous: dict[int, int], looping: set[int]
) -> None:
    assert on_cycles(previous) == looping
