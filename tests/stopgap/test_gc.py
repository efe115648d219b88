"""stopgap.gc: what goes, what stays because it is needed, and who is kept out."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from stopgap.server.cluster import wait_until
from tests.fixtures.cluster import Connect
from tests.stopgap.schema import (
    Connection,
    bodies,
    deploy,
    grants,
    rollback,
    rows,
    status,
    statuses,
    value,
    write,
)
from tests.stopgap.test_concurrency import in_thread

NOW = {"grace": "0"}


def gc(connection: Connection, **options: object) -> Any:
    return value(connection, "select stopgap.gc(%s)", Jsonb({**NOW, **options}))


def removed(answer: Any) -> list[int]:
    return sorted(each["id"] for each in answer["deployments"])


def artifacts(connection: Connection) -> set[str]:
    return {
        hash_
        for (hash_,) in rows(connection, "select artifact_hash from plts.artifact")
    }


@pytest.fixture
def four(connection: Connection) -> Connection:
    """Four deployments of a function, each with code of its own."""
    for code in (1, 2, 3, 4):
        write(connection, "f", code)
        deploy(connection, label=f"v{code}" if code == 1 else None)
    return connection


def test_deployments_past_the_policy_go_with_their_code(four: Connection) -> None:
    before = artifacts(four)

    answer = gc(four, keep=2)

    assert removed(answer) == [1, 2]
    assert statuses(four) == {
        1: "removed",
        2: "removed",
        3: "superseded",
        4: "active",
    }
    assert len(before) == 4
    assert set(answer["artifacts"]) == before - artifacts(four)
    assert len(answer["artifacts"]) == 2
    assert answer["artifact_bytes"] > 0
    assert [
        each["id"] for each in value(four, "select stopgap.deployments('prod')")
    ] == [
        4,
        3,
    ]


def test_a_dry_run_says_the_same_and_changes_nothing(four: Connection) -> None:
    before = artifacts(four), statuses(four)

    dry = gc(four, keep=2, dry_run=True)

    assert (artifacts(four), statuses(four)) == before
    assert {**gc(four, keep=2), "dry_run": True} == dry


def test_the_audit_survives(four: Connection) -> None:
    audit = (
        "select activation_id, from_deployment_id, to_deployment_id, action, to_label,"
        " to_created_at from stopgap.activation_audit order by 1"
    )
    before = rows(four, audit)

    gc(four, keep=1)

    assert rows(four, audit) == before
    assert len(before) == 4


def test_what_never_ran_goes_without_a_trace(four: Connection) -> None:
    failed = value(
        four, """select stopgap.record_failure('prod', 'shop', '{"message": "m"}')"""
    )
    deploy(four)

    gc(four, keep=1)

    assert failed not in statuses(four)


def test_rollbacks_within_the_policy_still_work(four: Connection) -> None:
    gc(four, keep=3)

    assert rollback(four, steps=2) == 2
    assert value(four, "select live_deployment.f('{}')") == 2


def test_a_rollback_leads_past_what_is_gone(four: Connection) -> None:
    gc(four, keep=1, keep_labelled=True)

    assert rollback(four) == 1
    assert value(four, "select live_deployment.f('{}')") == 1


def test_what_is_removed_is_nothing_to_go_back_to(four: Connection) -> None:
    gc(four, keep=1)

    with pytest.raises(psycopg.Error) as error:
        rollback(four, to_id=1)

    assert error.value.sqlstate == "SG206"
    assert (
        error.value.diag.message_hint == "Its functions were removed by stopgap.gc()."
    )


def test_a_rollback_brings_grants_back_after_a_gc(connection: Connection) -> None:
    write(connection, "f")
    write(connection, "gone")
    deploy(connection)
    connection.execute("grant execute on function live_deployment.gone to pg_monitor")
    connection.execute("drop function shop.gone(jsonb)")
    deploy(connection, options='{"prune": true, "allow_empty": true}')

    gc(connection, keep=2)
    rollback(connection)

    assert grants(connection, "gone") == {"app_user", "pg_monitor"}


def test_grants_that_no_rollback_needs_go(connection: Connection) -> None:
    write(connection, "gone")
    deploy(connection)
    connection.execute("drop function shop.gone(jsonb)")
    deploy(connection, options='{"prune": true, "allow_empty": true}')

    gc(connection, keep=1)

    assert rows(connection, "select * from stopgap.dropped_function") == []


def test_what_an_import_map_names_stays(four: Connection) -> None:
    (imported,) = rows(
        four, "select artifact_hash from stopgap.fn_version where deployment_id = 1"
    )
    four.execute(
        "update stopgap.fn_version set pointer = pointer || jsonb_build_object("
        "'import_map', jsonb_build_object('x', 'plts+artifact:' || %s))"
        " where deployment_id = 4",
        imported,
    )

    gc(four, keep=1)

    assert imported[0] in artifacts(four)
    assert len(artifacts(four)) == 2


def test_the_deployment_of_a_retained_function_stays(connection: Connection) -> None:
    write(connection, "old")
    deploy(connection)
    connection.execute("drop function shop.old(jsonb)")
    write(connection, "f", 1)
    deploy(connection)
    write(connection, "f", 2)
    deploy(connection)

    answer = gc(connection, keep=1)

    assert removed(answer) == [2]
    assert status(connection)["drift"]["has_drift"] is False
    assert bodies(connection).keys() == {"f", "old"}
    assert value(connection, "select live_deployment.old('{}')") == 1


def test_age_counts_from_the_day_a_deployment_was_left(four: Connection) -> None:
    four.execute("update stopgap.deployment set created_at = '2001-01-01'")
    four.execute(
        "update stopgap.activation_log set activated_at = '2002-01-01'"
        " where to_deployment_id < 4"
    )

    # 3 was left when 4 became active, which was just now.
    assert removed(gc(four, older_than="30 days")) == [1, 2]


def test_an_environment_can_be_named(four: Connection) -> None:
    for _ in range(2):
        deploy(four, "staging")

    assert removed(gc(four, env="staging", keep=1)) == [5]


def test_artifacts_of_other_functions_stay(four: Connection) -> None:
    four.execute("create schema elsewhere")
    for name, deployment in (("pointer", 1), ("unknown", 2)):
        body = value(
            four,
            "select pointer::text from stopgap.fn_version where deployment_id = %s",
            deployment,
        )
        if name == "pointer":
            four.execute(
                f"create function elsewhere.{name}(args jsonb) returns jsonb"
                f" language plts as '{body}'".encode()
            )
    write(four, "source", 3, schema="elsewhere")

    answer = gc(four, keep=1)

    assert len(answer["artifacts"]) == 1
    assert value(four, "select elsewhere.pointer('{}')") == 1
    assert len(artifacts(four)) == 3


def test_young_artifacts_stay(four: Connection) -> None:
    answer = value(four, "select stopgap.gc('{\"keep\": 1}')")

    assert removed(answer) == [1, 2, 3]
    assert answer["artifacts"] == []
    assert len(artifacts(four)) == 4


def test_what_an_artifact_mentions_stays_with_it(four: Connection) -> None:
    old = value(
        four, "select artifact_hash from stopgap.fn_version where deployment_id = 1"
    )
    write(four, "g", f"/* {old} */ export default () => 1;")
    deploy(four)

    gc(four, keep=1)

    assert old in artifacts(four)


def test_whoever_is_deploying_is_named(four: Connection, connect: Connect) -> None:
    open_ = connect(autocommit=False)
    deploy(open_)

    with pytest.raises(psycopg.Error) as error:
        gc(four, keep=1)

    open_.rollback()
    assert error.value.sqlstate == "SG220"
    assert f"process {open_.info.backend_pid}" in (
        error.value.diag.message_detail or ""
    )
    assert removed(gc(four, keep=1)) == [1, 2, 3]


def test_deploys_wait_for_a_gc(four: Connection, connect: Connect) -> None:
    open_ = connect(autocommit=False)
    gc(open_, keep=1)
    four.execute("set lock_timeout = '10ms'")

    with pytest.raises(psycopg.Error, match="retention") as error:
        deploy(four, "another")

    open_.rollback()
    assert error.value.sqlstate == "SG207"
    deploy(four, "another")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"keep": 0}, "at least 1"),
        ({"keep": "2"}, "whole number"),
        ({"older_than": "long ago"}, "no interval"),
        ({"older_than": "-1 day"}, "negative"),
        ({"grace": "x"}, '"grace" is no interval'),
        ({"kep": 2}, "unknown option"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    four: Connection, options: dict[str, object], told: str
) -> None:
    with pytest.raises(psycopg.Error, match=told) as error:
        gc(four, **options)

    assert error.value.sqlstate == "SG102"
    assert len(statuses(four)) == 4


def test_an_unknown_environment_is_refused(four: Connection) -> None:
    with pytest.raises(psycopg.Error, match="does not exist") as error:
        gc(four, env="prd", keep=1)

    assert error.value.sqlstate == "SG202"


def test_artifacts_that_are_needed_cannot_be_deleted(four: Connection) -> None:
    before = artifacts(four)
    needed = set(bodies(four).values())
    four.execute(
        "alter table stopgap.fn_version drop constraint fn_version_artifact_hash_fkey"
    )

    gone = rows(four, "select plts.delete_artifacts(%s)", list(before))

    # The source function and the live one have the same code.
    assert len(gone) == 3
    assert len(artifacts(four)) == 1
    assert next(iter(artifacts(four))) in next(iter(needed))


def is_pausing(observer: Connection, pid: int) -> bool:
    return bool(
        value(
            observer,
            "select count(*) from pg_stat_activity"
            " where pid = %s and wait_event = 'PgSleep'",
            pid,
        )
    )


def test_it_can_wait_for_a_deploy_and_keeps_no_other_waiting(
    four: Connection, connect: Connect
) -> None:
    deployer, other, collector = connect(autocommit=False), connect(), connect()
    deploy(deployer)

    with in_thread(
        lambda: len(gc(collector, keep=1, wait=True)["deployments"])
    ) as gone:
        assert wait_until(
            lambda: is_pausing(four, collector.info.backend_pid), seconds=30
        )
        other.execute("set lock_timeout = '1s'")
        deploy(other, "staging")
        deployer.commit()

        assert gone.result(timeout=30) == 4


def test_it_waits_no_longer_than_lock_timeout(
    four: Connection, connect: Connect
) -> None:
    deployer = connect(autocommit=False)
    deploy(deployer)
    four.execute("set lock_timeout = '20ms'")

    with pytest.raises(psycopg.Error) as error:
        gc(four, keep=1, wait=True)

    assert error.value.sqlstate == "SG220"


def test_who_does_not_wait_is_told_of_the_option(
    four: Connection, connect: Connect
) -> None:
    deployer = connect(autocommit=False)
    deploy(deployer)

    with pytest.raises(psycopg.Error) as error:
        gc(four, keep=1)

    assert "--wait" in (error.value.diag.message_hint or "")
