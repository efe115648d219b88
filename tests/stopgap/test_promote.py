"""stopgap.promote: what one environment runs becomes what another one runs."""

from __future__ import annotations

import threading

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.fixtures.cluster import Connect
from tests.stopgap.roles import DEPLOYER
from tests.stopgap.schema import (
    Connection,
    bodies,
    deploy,
    rollback,
    rows,
    status,
    statuses,
    value,
    write,
)


def promote(
    connection: Connection,
    to_env: str = "prod",
    from_env: str = "staging",
    **options: object,
) -> int:
    return int(
        value(
            connection,
            "select stopgap.promote(%s, %s, %s)",
            from_env,
            to_env,
            Jsonb(options),
        )
    )


@pytest.fixture
def staging(connection: Connection) -> Connection:
    """An environment that runs two functions."""
    write(connection, "f", 1, attributes="stable cost 7")
    write(connection, "g", 2)
    deploy(
        connection,
        "staging",
        label="v1",
        options='{"provenance": {"git_commit": "abc"}, "token": "t"}',
    )
    return connection


def test_the_same_artifacts_become_active_byte_for_byte(staging: Connection) -> None:
    write(staging, "f", "export default () => 'the source is not looked at';")

    promoted = promote(staging)

    assert bodies(staging) == bodies(staging, "live_deployment_staging")
    assert value(staging, "select live_deployment.f('{}')") == 1
    assert statuses(staging) == {promoted: "active"}
    columns = "fn_name, fn_schema, kind, artifact_hash, pointer, attributes"
    assert (
        rows(
            staging,
            f"select {columns} from stopgap.fn_version where deployment_id = 2"
            f" except select {columns} from stopgap.fn_version where deployment_id = 1",
        )
        == []
    )


def test_the_new_deployment_says_where_it_comes_from(staging: Connection) -> None:
    promote(staging)

    active = status(staging)["active_deployment"]
    assert active["label"] == "v1"
    assert active["provenance"] == {
        "git_commit": "abc",
        "promoted_from": {"env": "staging", "deployment_id": 1},
    }
    audit = rows(staging, "select action from stopgap.activation_audit order by 1")
    assert audit == [("deploy",), ("promote",)]


def test_a_label_and_provenance_of_its_own_win(staging: Connection) -> None:
    promote(staging, label="release", provenance={"git_commit": "def"})

    active = status(staging)["active_deployment"]
    assert active["label"] == "release"
    assert active["provenance"]["git_commit"] == "def"


def test_it_supersedes_and_is_rolled_back_like_a_deploy(staging: Connection) -> None:
    first = promote(staging)
    write(staging, "f", 3)
    deploy(staging, "staging")

    second = promote(staging)
    assert statuses(staging) == {first: "superseded", second: "active"}
    assert value(staging, "select live_deployment.f('{}')") == 3

    assert rollback(staging) == first
    assert value(staging, "select live_deployment.f('{}')") == 1


def test_functions_that_are_gone_are_pruned_on_request(staging: Connection) -> None:
    promote(staging)
    staging.execute("drop function shop.g(jsonb)")
    deploy(staging, "staging")

    promote(staging)
    assert bodies(staging).keys() == {"f", "g"}
    promote(staging, prune=True)
    assert bodies(staging).keys() == {"f"}


def test_nothing_to_do_is_recognised(staging: Connection) -> None:
    first = promote(staging)

    assert promote(staging, if_changed=True) == first
    assert value(staging, "show stopgap.outcome") in ("", None)
    with staging.transaction():
        promote(staging, if_changed=True)
        outcome = value(staging, "select current_setting('stopgap.outcome')::jsonb")
    assert outcome["changed"] is False
    assert promote(staging) > first


def test_drift_is_something_to_do(staging: Connection) -> None:
    first = promote(staging)
    staging.execute("drop function live_deployment.f(jsonb)")

    assert promote(staging, if_changed=True) > first
    assert bodies(staging).keys() == {"f", "g"}


@pytest.mark.parametrize(
    ("from_env", "to_env", "sqlstate"),
    [
        ("staging", "staging", "SG101"),
        ("nowhere", "prod", "SG202"),
        ("failed", "prod", "SG203"),
        ("staging", "", "SG101"),
    ],
)
def test_what_cannot_be_promoted_is_refused(
    staging: Connection, from_env: str, to_env: str, sqlstate: str
) -> None:
    value(
        staging, """select stopgap.record_failure('failed', 's', '{"message": ""}')"""
    )

    with pytest.raises(psycopg.Error) as refused:
        promote(staging, to_env, from_env)

    assert refused.value.sqlstate == sqlstate
    assert status(staging) is None


def test_opposite_promotions_do_not_deadlock(
    staging: Connection, connect: Connect
) -> None:
    promote(staging)
    failures: list[Exception] = []

    def promote_often(to_env: str, from_env: str) -> None:
        connection = connect()
        try:
            for _ in range(5):
                promote(connection, to_env, from_env)
        except psycopg.Error as error:
            failures.append(error)

    threads = [
        threading.Thread(target=promote_often, args=each)
        for each in (("prod", "staging"), ("staging", "prod"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


@pytest.mark.usefixtures("roles")
def test_a_deployer_promotes_without_the_source_schema(
    staging: Connection, connect: Connect
) -> None:
    promote(connect(role=DEPLOYER))

    assert bodies(staging).keys() == {"f", "g"}
