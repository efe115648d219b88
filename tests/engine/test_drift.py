"""Drift between the live schema and what was activated."""

from __future__ import annotations

import pytest

from stopgap.engine.attributes import Attributes
from stopgap.engine.drift import Drift, find_drift
from stopgap.engine.live import LiveFunction, LiveSchema
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
        changed={"changed": ("body",), "given": ("owner",)},
        dropped=("dropped",),
        added=("mine", "l.overload(integer)"),
    )
    assert found.to_json()["has_drift"] is True


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (live_function("a", is_replaceable=False), ["signature"]),
        (live_function("a", language="sql"), ["language"]),
        (live_function("a", security_definer=True), ["security_definer"]),
        (live_function("a", has_extras=True), ["attributes"]),
        (live_function("a", is_public=True), ["grants"]),
        (live_function("a", attributes=Attributes(cost=2)), ["attributes"]),
        (live_function("a", code="b", is_owned=False), ["body", "owner"]),
    ],
)
def test_what_was_changed_is_named(changed: LiveFunction, what: list[str]) -> None:
    found = find_drift(versions("a"), live(changed))

    assert found.to_json()["changes"] == {"a": what}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (LiveSchema({}), "it does not exist"),
        (
            LiveSchema({}, owner="ann", is_owned=False),
            'it belongs to "ann", not to stopgap_owner',
        ),
    ],
)
def test_a_live_schema_that_is_not_the_engine_s_is_drift(
    schema: LiveSchema, said: str
) -> None:
    found = find_drift(versions("a"), schema).to_json()

    assert (found["has_drift"], found["live_schema"]) == (True, said)


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
        "live_schema": None,
        "changes": {},
    }


def test_an_environment_that_never_ran_anything_needs_no_live_schema() -> None:
    assert find_drift({}, LiveSchema({})) == Drift()
