"""The difference between a deployment and a source schema."""

from __future__ import annotations

import json

from stopgap.engine.attributes import Attributes
from stopgap.engine.diff import (
    Candidate,
    Change,
    diff,
    render_function_diff,
    render_function_plan,
    summary,
)
from stopgap.engine.pointer import render_pointer
from tests.engine.values import artifact_hash, versions


def candidate(code: str = "one", attributes: Attributes | None = None) -> Candidate:
    found = artifact_hash(code)
    return Candidate(found, render_pointer(found), attributes or Attributes())


def test_before_the_first_deployment_everything_is_added() -> None:
    found = diff({}, {"b": candidate(), "a": candidate()})

    assert [(each.fn_name, each.change) for each in found] == [
        ("a", Change.ADDED),
        ("b", Change.ADDED),
    ]
    assert found[0].active_artifact_hash is None
    assert found[0].candidate_artifact_hash == artifact_hash("one")


def test_every_change_is_told_from_the_others() -> None:
    found = diff(
        versions("same", "code", "gone"),
        {"same": candidate(), "code": candidate("two"), "new": candidate()},
    )

    assert summary(found) == {"added": 1, "changed": 1, "removed": 1, "unchanged": 1}
    assert {each.fn_name: each.change.value for each in found} == {
        "same": "unchanged",
        "code": "changed",
        "gone": "removed",
        "new": "added",
    }


def test_attributes_alone_make_a_change() -> None:
    (found,) = diff(
        versions("f"), {"f": candidate(attributes=Attributes(volatility="stable"))}
    )

    assert found.change is Change.CHANGED
    assert found.active_artifact_hash == found.candidate_artifact_hash
    assert found.changed_attributes == ("volatility",)


def test_a_summary_of_nothing_has_every_key() -> None:
    assert summary(()) == {"added": 0, "changed": 0, "removed": 0, "unchanged": 0}


def test_the_json_has_the_keys_of_the_design() -> None:
    (removed,) = diff(versions('"f"'), {})

    assert json.loads(render_function_diff(removed)) == {
        "fn_name": '"f"',
        "change": "removed",
        "active_artifact_hash": artifact_hash("one"),
        "candidate_artifact_hash": None,
        "changed_attributes": [],
    }


def test_the_json_of_a_plan_names_what_changes() -> None:
    other = Attributes(volatility="stable", comment="new")
    (changed,) = diff(versions("f"), {"f": candidate(attributes=other)})

    without_code = json.loads(render_function_plan(changed, None))
    with_code = json.loads(render_function_plan(changed, '-"a"\n'))

    assert without_code == {
        **json.loads(render_function_diff(changed)),
        "changed_attributes": ["volatility", "comment"],
        "diff": None,
    }
    assert with_code == {**without_code, "diff": '-"a"\n'}
