"""The transitions of a deployment's status."""

from __future__ import annotations

import itertools

import pytest

from stopgap.engine.errors import IllegalTransition
from stopgap.engine.states import RETIRED, TRANSITIONS, Status, check_transition

ALLOWED = {
    ("open", "sealed"),
    ("open", "failed"),
    ("sealed", "active"),
    ("sealed", "failed"),
    ("active", "superseded"),
    ("active", "rolled_back"),
    ("superseded", "active"),
    ("superseded", "removed"),
    ("rolled_back", "active"),
    ("rolled_back", "removed"),
}


@pytest.mark.parametrize(("old", "new"), [*itertools.product(Status, Status)])
def test_only_the_transitions_of_the_design_are_allowed(
    old: Status, new: Status
) -> None:
    if (old, new) in ALLOWED:
        check_transition(1, old, new)
        return
    with pytest.raises(IllegalTransition, match=f'"{old}" to "{new}"'):
        check_transition(1, old, new)


def test_every_status_has_its_row() -> None:
    assert TRANSITIONS.keys() == set(Status)


def test_a_refused_transition_lists_the_possible_ones() -> None:
    with pytest.raises(IllegalTransition) as refused:
        check_transition(7, Status.ACTIVE, Status.SEALED)

    assert refused.value.detail == (
        'From "active" a deployment goes to: rolled_back, superseded.'
    )


def test_what_was_active_once_can_become_active_again() -> None:
    for status in RETIRED:
        check_transition(1, status, Status.ACTIVE)
