"""stopgap.verify: each kind of damage is found, and a whole catalog is not blamed."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.fixtures.cluster import StartCluster
from tests.stopgap.schema import Connection, deploy, rollback, value, write


@pytest.fixture
def shop(connection: Connection) -> Connection:
    """A history with everything in it that a history can have."""
    write(connection, "f", 1)
    write(connection, "gone", 1)
    deploy(connection)
    connection.execute("drop function shop.gone(jsonb)")
    for code in (2, 3):
        write(connection, "f", code)
        deploy(connection, options='{"prune": true}')
    rollback(connection)
    deploy(connection, "staging")
    value(connection, """select stopgap.record_failure('x', 's', '{"message": "m"}')""")
    value(connection, "select plts.upsert_artifact('export {};', 'export {};')")
    return connection


def verify(connection: Connection, **options: object) -> Any:
    return value(connection, "select stopgap.verify(%s)", Jsonb(options))


def found(connection: Connection, **options: object) -> list[tuple[str, str]]:
    return [
        (each["check"], each["message"])
        for each in verify(connection, **options)["findings"]
    ]


def test_a_whole_catalog_has_nothing_wrong(shop: Connection) -> None:
    assert verify(shop) == {
        "ok": True,
        "findings": [],
        "checked": {
            "environments": 3,
            "deployments": 5,
            "functions": 5,
            "artifacts": 4,
        },
    }
    value(shop, """select stopgap.gc('{"keep": 1, "grace": "0"}')""")
    assert verify(shop)["findings"] == []


@pytest.mark.parametrize(
    ("damage", "check", "message"),
    [
        (
            "update plts.artifact set compiled_js = compiled_js || ' '"
            " where source_ts like '%(3)%'",
            "artifact",
            "JavaScript of",
        ),
        (
            "update plts.artifact set source_ts = source_ts || ' '"
            " where source_ts like '%(3)%'",
            "artifact",
            "source of",
        ),
        (
            "update stopgap.environment set active_deployment_id = 1"
            " where env = 'prod'",
            "status",
            "deployment 1: its environment runs it, but its status is superseded",
        ),
        (
            "update stopgap.environment set active_deployment_id = 99"
            " where env = 'staging'",
            "status",
            "deployment 4: it is active, but its environment runs another",
        ),
        (
            "update stopgap.deployment set status = 'open' where id = 1",
            "status",
            "deployment 1: it was begun and never sealed",
        ),
        (
            "update stopgap.deployment set previous_id = 77 where id = 2",
            "lineage",
            "deployment 2: deployment 77 before it is not of its environment",
        ),
        (
            "update stopgap.deployment set previous_id = 3 where id = 1",
            "lineage",
            "deployment 1: its lineage leads back to it",
        ),
        (
            "update stopgap.fn_version set kind = 'query' where deployment_id = 2",
            "function",
            '"f" of deployment 2: its kind is not what the compiler recorded',
        ),
        (
            "update stopgap.fn_version set pointer = '{}' where deployment_id = 2",
            "function",
            '"f" of deployment 2: its pointer leads to another artifact',
        ),
        (
            "alter table stopgap.fn_version drop constraint"
            " fn_version_artifact_hash_fkey; delete from plts.artifact"
            " where source_ts like '%(3)%'",
            "function",
            '"f" of deployment 3: plts.artifact lacks its artifact',
        ),
        (
            "alter schema live_deployment owner to postgres",
            "live schema",
            'live schema "live_deployment" belongs to "postgres"',
        ),
        (
            "grant create on schema live_deployment to pg_monitor",
            "live schema",
            '"pg_monitor" may create functions in live schema "live_deployment"',
        ),
        (
            "alter function live_deployment.f(jsonb) immutable",
            "drift",
            'live function "f" was changed by hand',
        ),
        (
            "grant execute on function live_deployment.f to public",
            "drift",
            'live function "f" was changed by hand: everybody may execute it',
        ),
        (
            "update pg_namespace set nspacl = null where nspname = 'live_deployment'",
            "live schema",
            'live schema "live_deployment" has lost its grants',
        ),
        (
            "create function live_deployment.mine() returns int language sql"
            " as 'select 1'",
            "drift",
            "by hand",
        ),
        (
            "alter table stopgap.deployment drop constraint deployment_env_fkey",
            "foreign key",
            "deployment_env_fkey: it does not exist",
        ),
        (
            "grant insert on stopgap.deployment to stopgap_deployer",
            "privilege",
            '"stopgap_deployer" has INSERT on stopgap.deployment',
        ),
        (
            "grant execute on function stopgap.gc to public",
            "privilege",
            "everybody may call stopgap.gc(jsonb)",
        ),
        (
            "grant execute on function plts.delete_artifacts to stopgap_deployer",
            "privilege",
            '"stopgap_deployer" may call plts.delete_artifacts(text[])',
        ),
        (
            "revoke usage on language plts from stopgap_owner",
            "privilege",
            "stopgap_owner lacks USAGE on language plts",
        ),
    ],
)
def test_damage_is_found(
    shop: Connection, damage: str, check: str, message: str
) -> None:
    shop.execute(damage.encode())

    answer = verify(shop)

    assert answer["ok"] is False
    assert any(
        each["check"] == check and message in each["message"] and each["hint"]
        for each in answer["findings"]
    ), answer["findings"]


def test_an_environment_can_be_named(shop: Connection) -> None:
    shop.execute("drop function live_deployment_staging.f(jsonb)")

    assert found(shop, env="prod") == []
    assert found(shop, env="staging") == [
        ("drift", 'live function "f" was dropped by hand')
    ]
    with pytest.raises(psycopg.Error) as error:
        verify(shop, env="nowhere")
    assert error.value.sqlstate == "SG202"


@pytest.mark.slow
def test_roles_that_can_do_too_much_are_found(start_cluster: StartCluster) -> None:
    running = start_cluster()
    with running.connect() as connection:
        connection.execute("create extension stopgap cascade")
        connection.execute(
            "alter role stopgap_owner login; alter role app_user createdb;"
            "create role m in role stopgap_owner"
        )

        assert found(connection) == [
            ("role", 'role "app_user": it can create databases'),
            ("role", 'role "stopgap_owner": it can log in'),
        ]


@pytest.mark.parametrize(
    ("fault", "cure"),
    [
        (
            "drop schema live_deployment cascade",
            "select stopgap.repair('prod');",
        ),
        (
            "alter schema live_deployment owner to postgres",
            "As a superuser: select stopgap.after_restore();",
        ),
        (
            "grant create on schema live_deployment to pg_monitor",
            'As a superuser: revoke create on schema "live_deployment" from them;',
        ),
        (
            "alter function live_deployment.f(jsonb) immutable",
            "select stopgap.repair('prod');",
        ),
        (
            "grant execute on function live_deployment.f to public",
            "select stopgap.repair('prod');",
        ),
        (
            "update pg_namespace set nspacl = null where nspname = 'live_deployment'",
            "As a superuser: select stopgap.after_restore();",
        ),
    ],
)
def test_the_hint_cures_what_was_found(shop: Connection, fault: str, cure: str) -> None:
    shop.execute(fault.encode())

    hints = {each["hint"] for each in verify(shop)["findings"]}
    assert cure in hints
    statement = cure.removeprefix("As a superuser: ").replace("them;", "pg_monitor;")
    shop.execute(statement.encode())

    assert verify(shop)["ok"] is True
