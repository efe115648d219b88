"""The policy of retention: what it lets go, and what is needed all the same."""

from __future__ import annotations

import pytest

from stopgap.engine.retention import Candidate, Policy, relinked, removable
from stopgap.engine.states import Status


def history(count: int = 5, env: str = "prod", first: int = 1) -> list[Candidate]:
    """Deployments that followed each other; the last one is active."""
    last = first + count - 1
    return [
        Candidate(
            id=each,
            env=env,
            status=Status.ACTIVE if each == last else Status.SUPERSEDED,
            is_labelled=False,
            previous_id=each - 1 if each > first else None,
            is_old=True,
        )
        for each in range(first, last + 1)
    ]


def test_without_a_policy_nothing_goes() -> None:
    assert removable(Policy(keep_labelled=True), history()) == frozenset()


def test_the_newest_of_each_environment_are_kept() -> None:
    deployments = [*history(5), *history(3, "staging", first=6)]

    assert removable(Policy(keep=2), deployments) == {1, 2, 3, 6}


def test_what_is_active_is_always_kept() -> None:
    deployments = history(3)
    deployments[0] = deployments[0]._replace(status=Status.ACTIVE)
    deployments[2] = deployments[2]._replace(status=Status.ROLLED_BACK)

    assert removable(Policy(older_than="1 day"), deployments) == {2, 3}


def test_what_rollbacks_within_the_policy_go_back_to_is_kept() -> None:
    # 5 was made after 2 and 3 were rolled back: its lineage is 5, 4, 1.
    deployments = history(5)
    deployments[3] = deployments[3]._replace(previous_id=1)

    assert removable(Policy(keep=3), deployments) == {2}


def test_the_young_are_kept() -> None:
    deployments = history(4)
    deployments[1] = deployments[1]._replace(is_old=False)

    assert removable(Policy(older_than="1 day"), deployments) == {1, 3}


def test_only_what_is_both_old_and_past_the_number_goes() -> None:
    deployments = history(4)
    deployments[0] = deployments[0]._replace(is_old=False)

    assert removable(Policy(keep=2, older_than="1 day"), deployments) == {2}


@pytest.mark.parametrize(
    ("keep_labelled", "gone"), [(True, {2, 3}), (False, {1, 2, 3})]
)
def test_what_has_a_label_can_be_kept(keep_labelled: bool, gone: set[int]) -> None:
    deployments = history(4)
    deployments[0] = deployments[0]._replace(is_labelled=True)

    policy = Policy(keep=1, keep_labelled=keep_labelled)

    assert removable(policy, deployments) == gone


def test_failures_push_nothing_out() -> None:
    deployments = history(3)
    failed = deployments[0]._replace(id=4, status=Status.FAILED, previous_id=None)

    assert removable(Policy(keep=2), [*deployments, failed]) == {1}


def test_failures_go_with_what_they_followed() -> None:
    deployments = history(3)
    deployments[0] = deployments[0]._replace(status=Status.FAILED, previous_id=None)
    deployments[1] = deployments[1]._replace(previous_id=None)

    assert removable(Policy(keep=2), deployments) == {1}


def test_what_a_kept_deployment_retained_is_kept() -> None:
    deployments = history(4)
    deployments[2] = deployments[2]._replace(retains=frozenset({2}))
    deployments[1] = deployments[1]._replace(retains=frozenset({1}))

    assert removable(Policy(keep=2), deployments) == frozenset()


def test_the_lineage_leads_past_what_goes() -> None:
    deployments = history(5)

    assert relinked(deployments, frozenset({2, 3})) == {4: 1}
    assert relinked(deployments, frozenset({1, 2, 3, 4})) == {5: None}


def test_a_lineage_that_leads_in_a_circle_ends() -> None:
    deployments = [each._replace(previous_id=each.id % 3 + 1) for each in history(3)]

    assert relinked(deployments, frozenset({1, 2})) == {3: None}
