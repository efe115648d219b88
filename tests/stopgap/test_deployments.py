"""stopgap.deployments: the history, in pages, with and without functions."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.stopgap.schema import Connection, deploy, value, write


@pytest.fixture
def three(connection: Connection) -> Connection:
    """A database in which three deployments were made."""
    for code in (1, 2, 3):
        write(connection, "f", code)
        deploy(connection, label=f"v{code}")
    return connection


def history(connection: Connection, arguments: str = "") -> list[dict[str, Any]]:
    return list(value(connection, f"select stopgap.deployments('prod'{arguments})"))


def test_an_unknown_environment_has_no_history(connection: Connection) -> None:
    assert history(connection) == []


def test_history_is_newest_first(three: Connection) -> None:
    found = history(three)

    assert [each["id"] for each in found] == [3, 2, 1]
    assert [each["is_active"] for each in found] == [True, False, False]
    assert [each["label"] for each in found] == ["v3", "v2", "v1"]
    assert found[0].keys() == {
        "id",
        "env",
        "label",
        "status",
        "created_at",
        "created_by",
        "created_as",
        "provenance",
        "source_schema",
        "manifest",
        "is_active",
    }


def test_each_deployment_has_its_own_functions(three: Connection) -> None:
    hashes = {
        each["manifest"]["functions"][0]["artifact_hash"] for each in history(three)
    }

    assert len(hashes) == 3


def test_history_comes_in_pages(three: Connection) -> None:
    first = history(three, ", max_count => 2")
    second = history(three, f", max_count => 2, before_id => {first[-1]['id']}")

    assert [each["id"] for each in first + second] == [3, 2, 1]


def test_without_functions_their_number_stands_for_them(three: Connection) -> None:
    manifest = history(three, ", with_functions => false")[0]["manifest"]

    assert manifest["function_count"] == 1
    assert "functions" not in manifest


def test_failed_deployments_are_history_too(three: Connection) -> None:
    three.execute(
        "insert into stopgap.deployment"
        " (env, created_by, created_as, source_schema, status, manifest)"
        " values ('prod', 'a', 'b', 'shop', 'failed', '{\"error\": \"e\"}')"
    )

    found = history(three)[0]

    assert found["status"] == "failed"
    assert found["manifest"] == {"error": "e", "functions": []}


def test_a_senseless_page_is_refused(three: Connection) -> None:
    with pytest.raises(psycopg.Error, match="max_count") as error:
        history(three, ", max_count => 0")

    assert error.value.sqlstate == "SG101"


@pytest.mark.slow
def test_a_history_too_large_for_one_answer_is_refused(three: Connection) -> None:
    three.execute(
        "insert into stopgap.fn_version"
        " select 2, 'g' || n, fn_schema, live_fn_schema, kind, artifact_hash, pointer,"
        " attributes from stopgap.fn_version, generate_series(1, 200000) as n"
        " where deployment_id = 2"
    )

    with pytest.raises(psycopg.Error, match="200000") as error:
        history(three)

    assert error.value.sqlstate == "SG109"
    assert len(history(three, ", with_functions => false")) == 3
