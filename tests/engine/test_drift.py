"""Drift between the live schema and what was activated."""

from __future__ import annotations

from stopgap.engine.drift import Drift, find_drift
from tests.engine.values import artifact_hash, live, live_function, versions


def test_a_live_schema_that_nobody_touched_has_no_drift() -> None:
    found = find_drift(versions("a", "b"), live(live_function("a"), live_function("b")))

    assert found == Drift()
    assert found.to_json()["has_drift"] is False


def test_each_kind_of_change_by_hand_is_listed() -> None:
    found = find_drift(
        versions("changed", "given", "dropped"),
        live(
            live_function("changed", code="by hand"),
            live_function("given", is_owned=False),
            live_function("mine"),
            strangers=("l.overload(integer)",),
        ),
    )

    assert found == Drift(
        changed=("changed", "given"),
        dropped=("dropped",),
        added=("mine", "l.overload(integer)"),
    )
    assert found.to_json()["has_drift"] is True


def test_functions_whose_artifacts_are_gone_are_listed() -> None:
    found = find_drift(
        versions("a"), live(live_function("a")), frozenset({artifact_hash("one")})
    )

    assert found.to_json() == {
        "has_drift": True,
        "changed": [],
        "dropped": [],
        "added": [],
        "missing_artifacts": ["a"],
    }
