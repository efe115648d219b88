"""The client against a real database: its answers and its errors."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

import stopgap

Connection = psycopg.Connection[Any]
ONE = """
    create or replace function api.one(args jsonb) returns jsonb language plts as $ts$
    export default () => {value};
    $ts$
"""


@pytest.fixture
def api(connection: Connection) -> Connection:
    """A source schema with one function."""
    connection.execute("create schema api")
    connection.execute(ONE.format(value=1))
    return connection


def test_deploy_returns_the_deployment(api: Connection, database: str) -> None:
    with stopgap.connect(database) as client:
        deployed = client.deploy("prod", from_schema="api", label="first")

        assert deployed.deployment.label == "first"
        assert deployed.deployment.functions is not None
        assert [each.fn_name for each in deployed.deployment.functions] == ["one"]
        assert client.status("prod") is not None
        assert client.status("none") is None


def test_the_history_comes_in_pages(
    api: Connection, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stopgap.reading._PAGE", 2)
    with stopgap.connect(database) as client:
        for value in range(5):
            api.execute(ONE.format(value=value))
            client.deploy("prod", from_schema="api")

        ids = [each.id for each in client.history("prod")]

    assert ids == [5, 4, 3, 2, 1]


def test_a_rollback_too_far_is_refused_with_its_sqlstate(
    api: Connection, database: str
) -> None:
    with stopgap.connect(database) as client:
        client.deploy("prod", from_schema="api")

        with pytest.raises(stopgap.DatabaseError) as refusal:
            client.rollback("prod", steps=3)

    assert refusal.value.sqlstate == "SG204"
    assert refusal.value.exit_code == 11


def test_a_message_does_not_repeat_its_verb(database: str) -> None:
    with (
        stopgap.connect(database) as client,
        pytest.raises(stopgap.DatabaseError) as refusal,
    ):
        client.deploy("prod", from_schema="none")

    assert not refusal.value.message.startswith("stopgap.")


def test_the_sources_of_artifacts_can_be_read(api: Connection, database: str) -> None:
    with stopgap.connect(database) as client:
        deployed = client.deploy("prod", from_schema="api")
        assert deployed.deployment.functions is not None
        (function,) = deployed.deployment.functions

        sources = client.artifact_sources([function.artifact_hash, "sha256:none"])

        assert list(sources) == [function.artifact_hash]
        assert "export default () => 1;" in sources[function.artifact_hash]
        assert client.function_sources("api")["one"] in sources.values()


def test_a_session_that_is_ended_during_a_deploy_is_a_connection_error(
    api: Connection, database: str
) -> None:
    with stopgap.connect(database) as client:
        api.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where application_name = 'stopgap'"
        )

        with pytest.raises(stopgap.ConnectionFailed):
            client.deploy("prod", from_schema="api")


def test_notices_reach_the_caller(api: Connection, database: str) -> None:
    heard: list[str] = []
    api.execute(
        """
        create function public.remark() returns trigger language plpgsql as $$
        begin
            raise notice 'heard';
            return null;
        end $$
        """
    )
    api.execute(
        "create trigger remark after insert on stopgap.deployment"
        " execute function public.remark()"
    )

    with stopgap.connect(database, on_notice=heard.append) as client:
        client.deploy("prod", from_schema="api")

    assert "heard" in heard


def test_metrics_and_version(database: str) -> None:
    with stopgap.connect(database) as client:
        assert client.version() == stopgap.__version__
        assert {"deploy", "rollback", "diff"} <= set(client.metrics())
