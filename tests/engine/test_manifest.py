"""The manifest of a deployment, and the outcome of an activation."""

from __future__ import annotations

import json

from stopgap.engine.json_text import JsonText
from stopgap.engine.manifest import (
    DeploymentName,
    refs_from_outcome,
    render_function,
    render_outcome,
    seal_manifest,
    with_function_count,
    with_functions,
)
from stopgap.engine.plan import Kept, Materialization
from stopgap.engine.source import Skipped
from stopgap.engine.version import VersionRef
from tests.engine.values import artifact_hash, live_function, version

KEPT = VersionRef("kept", 2)
MATERIALIZATION = Materialization(
    create=(version("new"),),
    drop=(live_function("gone"),),
    kept=(Kept(KEPT, ("view v",)),),
    retained=(KEPT, VersionRef("old", 1)),
)


def test_a_sealed_manifest_has_all_but_the_functions() -> None:
    sealed = seal_manifest(
        DeploymentName("prod", "shop", "live", "v1"),
        [Skipped("t", "it is a procedure")],
        MATERIALIZATION,
        prune=True,
    )

    assert json.loads(sealed) == {
        "env": "prod",
        "source_schema": "shop",
        "live_schema": "live",
        "label": "v1",
        "skipped": [{"fn_name": "t", "reason": "it is a procedure"}],
        "retained": [
            {"fn_name": "kept", "deployment_id": 2},
            {"fn_name": "old", "deployment_id": 1},
        ],
        "prune": {
            "enabled": True,
            "dropped": ["gone"],
            "skipped_with_dependents": ["kept"],
        },
    }


def test_an_outcome_tells_what_was_done() -> None:
    assert json.loads(render_outcome(MATERIALIZATION)) == {
        "created": 1,
        "replaced": 0,
        "retained": [
            {"fn_name": "kept", "deployment_id": 2},
            {"fn_name": "old", "deployment_id": 1},
        ],
        "dropped": ["gone"],
        "kept": [{"fn_name": "kept", "dependents": ["view v"]}],
        "hand_edits": [],
    }


def test_what_was_retained_comes_back_from_an_outcome() -> None:
    assert refs_from_outcome(render_outcome(MATERIALIZATION)) == (
        MATERIALIZATION.retained
    )


def test_an_activation_that_says_nothing_retained_nothing() -> None:
    assert refs_from_outcome("{}") == ()
    assert refs_from_outcome(None) == ()


def test_a_function_of_a_manifest_has_the_keys_of_the_design() -> None:
    rendered = render_function(version('"f"'), source_schema="s h", live_schema='l"v')

    assert json.loads(rendered) == {
        "fn_name": '"f"',
        "source_schema": "s h",
        "live_schema": 'l"v',
        "kind": "query",
        "artifact_hash": artifact_hash("one"),
        "pointer": {
            "plts": 1,
            "kind": "artifact_ptr",
            "artifact_hash": artifact_hash("one"),
            "export": "default",
            "mode": "stopgap_deployed",
        },
    }


def test_functions_or_their_number_complete_a_manifest() -> None:
    functions = [JsonText('{"fn_name": "f"}'), JsonText('{"fn_name": "g"}')]

    assert with_functions({"env": "prod"}, functions) == {
        "env": "prod",
        "functions": functions,
    }
    assert with_function_count(None, 0) == {"function_count": 0}
