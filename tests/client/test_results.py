"""The database's JSON as typed values."""

from __future__ import annotations

from typing import Any

import pytest

from stopgap import Deployment, Diff, Status, UndecodableAnswer

FUNCTION = {"fn_name": "f", "kind": "query", "artifact_hash": "sha256:0"}


def deployment(**changes: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "label": None,
        "status": "active",
        "created_at": "2026-01-01T00:00:00Z",
        "created_by": "ann",
        "source_schema": "shop",
        "manifest": {"functions": [FUNCTION], "prune": {"enabled": True}},
        **changes,
    }


def test_a_deployment_has_its_functions() -> None:
    found = Deployment.from_json(deployment())

    assert found.id == 7
    assert found.prune
    assert found.function_count == 1
    assert found.functions is not None
    assert found.functions[0].kind == "query"


def test_a_deployment_without_functions_has_their_number() -> None:
    found = Deployment.from_json(deployment(manifest={"function_count": 1000}))

    assert found.functions is None
    assert found.function_count == 1000


def test_unknown_keys_stay_in_raw() -> None:
    found = Deployment.from_json(deployment(later="added"))

    assert found.raw["later"] == "added"


def test_a_status_without_an_active_deployment() -> None:
    found = Status.from_json(
        {
            "env": "prod",
            "live_schema": "live_deployment",
            "active_deployment_id": None,
            "updated_at": "2026-01-01T00:00:00Z",
            "active_deployment": None,
        }
    )

    assert found.active_deployment is None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="null"),
        pytest.param([], id="a list"),
        pytest.param(deployment(id="7"), id="an id of another type"),
        pytest.param(deployment(id=True), id="a boolean for an id"),
        pytest.param(deployment(status=None), id="no status"),
        pytest.param(deployment(manifest={"functions": [1]}), id="no function"),
    ],
)
def test_what_breaks_the_contract_is_refused(answer: object) -> None:
    with pytest.raises(UndecodableAnswer):
        Deployment.from_json(answer)


def test_a_diff_without_a_summary_is_refused() -> None:
    with pytest.raises(UndecodableAnswer):
        Diff.from_json({"env": "prod", "source_schema": "s", "live_schema": "l"})
