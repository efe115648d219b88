"""stopgap.rollback: where it goes, and what is live afterwards."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

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


def versions(connection: Connection, *codes: int) -> list[int]:
    """Deploy the function f once for each code."""
    deployed = []
    for code in codes:
        write(connection, "f", code)
        deployed.append(deploy(connection))
    return deployed


def test_a_rollback_restores_the_previous_body(connection: Connection) -> None:
    first = versions(connection, 1)[0]
    before = bodies(connection)
    second = versions(connection, 2)[0]

    assert rollback(connection) == first

    assert bodies(connection) == before
    assert statuses(connection) == {first: "active", second: "rolled_back"}
    assert rows(
        connection,
        "select from_deployment_id, to_deployment_id, action"
        " from stopgap.activation_audit order by activation_id desc limit 1",
    ) == [(second, first, "rollback")]


def test_several_steps_go_back_along_the_lineage(connection: Connection) -> None:
    first, *_ = versions(connection, 1, 2, 3)

    assert rollback(connection, steps=2) == first


def test_what_was_rolled_back_is_not_returned_to_by_steps(
    connection: Connection,
) -> None:
    first, _ = versions(connection, 1, 2)
    rollback(connection)
    versions(connection, 3)

    assert rollback(connection) == first


def test_a_lineage_that_leads_back_to_itself_has_an_end(connection: Connection) -> None:
    first, _, third = versions(connection, 1, 2, 3)
    connection.execute(
        "update stopgap.deployment set previous_id = %s where id = %s", [third, first]
    )

    with pytest.raises(psycopg.Error, match="lineage holds 2") as error:
        rollback(connection, steps=3)

    assert error.value.sqlstate == "SG204"


def test_an_id_goes_forward_too_and_wins_over_steps(connection: Connection) -> None:
    _, second, _ = versions(connection, 1, 2, 3)
    rollback(connection, steps=2)

    assert rollback(connection, steps=9, to_id=second) == second


def test_too_few_steps_say_how_many_there_are(connection: Connection) -> None:
    versions(connection, 1, 2)

    with pytest.raises(psycopg.Error, match="lineage holds 1") as error:
        rollback(connection, steps=2)

    assert error.value.sqlstate == "SG204"


@pytest.mark.parametrize(
    ("call", "sqlstate"),
    [
        ("stopgap.rollback(null)", "SG101"),
        ("stopgap.rollback('prod', 0)", "SG101"),
        ("stopgap.rollback('prod', null)", "SG101"),
        ("stopgap.rollback('prod', options => '{\"prune\": true}')", "SG102"),
        ("stopgap.rollback('nowhere')", "SG202"),
        ("stopgap.rollback('prod', to_id => 99)", "SG205"),
        ("stopgap.rollback('prod', to_id => 3)", "SG205"),
        ("stopgap.rollback('prod', options => '{\"to_label\": 1}')", "SG102"),
        ("stopgap.rollback('prod', 1, 1, '{\"to_label\": \"a\"}')", "SG102"),
        ("stopgap.rollback('prod', options => '{\"to_label\": \"a\"}')", "SG212"),
    ],
    ids=[
        "null environment",
        "no steps",
        "null steps",
        "unknown option",
        "unknown environment",
        "unknown deployment",
        "another environment's",
        "label that is no text",
        "id and label",
        "unknown label",
    ],
)
def test_senseless_rollbacks_are_refused(
    connection: Connection, call: str, sqlstate: str
) -> None:
    versions(connection, 1, 2)
    deploy(connection, "staging")

    with pytest.raises(psycopg.Error) as error:
        value(connection, f"select {call}")

    assert error.value.sqlstate == sqlstate


def outcome(connection: Connection) -> Any:
    return value(connection, "select current_setting('stopgap.outcome')::jsonb")


def activations(connection: Connection) -> list[tuple[int | None, int, str]]:
    return rows(
        connection,
        "select from_deployment_id, to_deployment_id, action"
        " from stopgap.activation_log order by id",
    )


def test_the_deployment_that_is_active_is_left_as_it_is(connect: Connect) -> None:
    connection = connect(autocommit=False)
    _, second = versions(connection, 1, 2)
    before = activations(connection)

    assert rollback(connection, to_id=second) == second

    assert outcome(connection)["changed"] is False
    assert activations(connection) == before


def test_the_outcome_tells_what_became_of_live_functions(connect: Connect) -> None:
    connection = connect(autocommit=False)
    first = versions(connection, 1)[0]
    write(connection, "new")
    versions(connection, 2)

    rollback(connection)

    found = outcome(connection)
    assert found.pop("activation_id") == len(activations(connection))
    assert found.pop("seconds").keys() == {"lock_wait", "compile", "ddl", "total"}
    assert found == {
        "deployment_id": first,
        "changed": True,
        "from_deployment_id": 2,
        "created": 0,
        "replaced": 1,
        "dropped": 1,
        "kept": 0,
        "hand_edits": [],
        "passed_over": [],
    }


def test_a_rollback_to_the_same_functions_changes_nothing(connect: Connect) -> None:
    connection = connect(autocommit=False)
    first, second = versions(connection, 1, 1)

    assert rollback(connection) == first

    assert outcome(connection)["changed"] is False
    assert activations(connection)[-1] == (second, first, "rollback")


def test_the_outcome_ends_with_the_transaction(connection: Connection) -> None:
    versions(connection, 1)

    assert value(connection, "select current_setting('stopgap.outcome', true)") == ""


def to_label(connection: Connection, label: str) -> int:
    options = Jsonb({"to_label": label})
    return int(
        value(connection, "select stopgap.rollback('prod', options => %s)", options)
    )


def test_a_label_means_the_newest_and_the_others_are_listed(
    connection: Connection,
) -> None:
    write(connection, "f")
    first = deploy(connection, label="v1")
    second = deploy(connection, label="v1")
    deploy(connection, label="v2")
    said: list[str | None] = []
    connection.add_notice_handler(lambda notice: said.append(notice.message_primary))

    assert to_label(connection, "v1") == second

    assert said == [
        f'label "v1" means deployment {second}, the newest; it is that of {first} too'
    ]


def test_of_many_with_a_label_the_newest_are_listed(connection: Connection) -> None:
    write(connection, "f")
    for _ in range(13):
        deploy(connection, label="v1")
    said: list[str | None] = []
    connection.add_notice_handler(lambda notice: said.append(notice.message_primary))

    to_label(connection, "v1")

    (listed,) = said
    assert (listed or "").endswith(
        "that of 12, 11, 10, 9, 8, 7, 6, 5, 4, 3 and 2 more too"
    )


def test_a_label_of_a_deployment_that_was_never_active_is_unknown(
    connection: Connection,
) -> None:
    write(connection, "f")
    deploy(connection, label="v1")
    deploy(connection, label="later", options='{"activate": false}')

    with pytest.raises(psycopg.Error) as error:
        to_label(connection, "later")

    assert error.value.sqlstate == "SG212"
    assert error.value.diag.message_detail == 'Its newest labels are: "v1".'


def test_what_was_never_active_is_not_gone_back_to(connection: Connection) -> None:
    versions(connection, 1)
    sealed = deploy(connection, options='{"activate": false}')

    with pytest.raises(psycopg.Error) as error:
        rollback(connection, to_id=sealed)

    assert error.value.sqlstate == "SG205"
    assert f"stopgap.activate('prod', {sealed})" in (
        error.value.diag.message_hint or ""
    )


def test_a_failed_deployment_is_not_returned_to(connection: Connection) -> None:
    versions(connection, 1)
    failed = value(
        connection,
        "insert into stopgap.deployment"
        " (env, created_by, created_as, source_schema, status)"
        " values ('prod', 'a', 'b', 'shop', 'failed') returning id",
    )

    with pytest.raises(psycopg.Error) as error:
        rollback(connection, to_id=failed)

    assert error.value.sqlstate == "SG206"


def test_other_isolation_levels_are_refused(connect: Connect) -> None:
    connection = connect(autocommit=False)
    connection.execute("set transaction isolation level repeatable read")

    with pytest.raises(psycopg.Error) as error:
        rollback(connection)

    assert error.value.sqlstate == "SG201"


def test_functions_that_came_since_are_dropped(connection: Connection) -> None:
    versions(connection, 1)
    write(connection, "new")
    deploy(connection)

    rollback(connection)

    assert bodies(connection).keys() == {"f"}


def test_functions_that_others_depend_on_stay_and_are_reported(
    connection: Connection,
) -> None:
    versions(connection, 1)
    write(connection, "new")
    second = deploy(connection)
    connection.execute(
        "create view shop.v as select live_deployment.new('{}') as answer"
    )
    said: list[str | None] = []
    connection.add_notice_handler(lambda notice: said.append(notice.message_primary))

    rollback(connection)

    assert bodies(connection).keys() == {"f", "new"}
    assert said == [
        'live function "new" stays, for others depend on it:'
        " rule _RETURN on view shop.v"
    ]
    outcome = value(
        connection,
        "select outcome from stopgap.activation_log order by id desc limit 1",
    )
    assert outcome["retained"] == [{"fn_name": "new", "deployment_id": second}]
    assert status(connection)["drift"]["has_drift"] is False


def test_what_was_pruned_comes_back_with_its_grants(connection: Connection) -> None:
    write(connection, "old")
    versions(connection, 1)
    connection.execute(
        "grant execute on function live_deployment.old to pg_monitor with grant option"
    )
    connection.execute("grant execute on function live_deployment.old to public")
    connection.execute("revoke execute on function live_deployment.old from app_user")
    connection.execute("drop function shop.old")
    deploy(connection, options='{"prune": true}')
    assert bodies(connection).keys() == {"f"}

    rollback(connection)

    assert bodies(connection).keys() == {"f", "old"}
    # What everybody may execute is drift, and does not come back.
    assert grants(connection, "old") == {"pg_monitor*"}


def test_grants_of_roles_that_are_gone_are_left_out(connection: Connection) -> None:
    write(connection, "old")
    versions(connection, 1)
    connection.execute("create role stopgap_test_gone")
    connection.execute(
        "grant execute on function live_deployment.old to stopgap_test_gone"
    )
    connection.execute("drop function shop.old")
    deploy(connection, options='{"prune": true}')
    connection.execute("drop role stopgap_test_gone")

    rollback(connection)

    assert grants(connection, "old") == {"app_user"}


def test_what_was_dropped_by_hand_comes_back_with_first_grants(
    connection: Connection,
) -> None:
    versions(connection, 1, 2)
    connection.execute("drop function live_deployment.f")

    rollback(connection)

    assert grants(connection, "f") == {"app_user"}


def test_what_was_retained_with_the_target_comes_back(connection: Connection) -> None:
    write(connection, "old")
    first = versions(connection, 1)[0]
    connection.execute("drop function shop.old")
    second = versions(connection, 2)[0]
    assert bodies(connection).keys() == {"f", "old"}
    deploy(connection, options='{"prune": true}')
    assert bodies(connection).keys() == {"f"}

    assert rollback(connection) == second

    assert bodies(connection).keys() == {"f", "old"}
    manifest = status(connection)["active_deployment"]["manifest"]
    assert manifest["retained"] == [{"fn_name": "old", "deployment_id": first}]
    assert status(connection)["drift"]["has_drift"] is False


def test_grants_on_live_functions_survive_a_rollback(connection: Connection) -> None:
    versions(connection, 1, 2)
    connection.execute("grant execute on function live_deployment.f to pg_monitor")

    rollback(connection)

    assert grants(connection, "f") == {"app_user", "pg_monitor"}


def test_missing_artifacts_are_named(connection: Connection) -> None:
    versions(connection, 1, 2)
    connection.execute("set session_replication_role = replica")
    connection.execute(
        "delete from plts.artifact using stopgap.fn_version as v"
        " where v.artifact_hash = artifact.artifact_hash and v.deployment_id = 1"
    )
    connection.execute("reset session_replication_role")

    with pytest.raises(psycopg.Error) as error:
        rollback(connection)

    assert error.value.sqlstate == "SG210"
    assert error.value.diag.message_detail == 'They are: "f".'
    assert status(connection)["active_deployment_id"] == 2


def test_a_live_schema_dropped_by_hand_is_made_again(connection: Connection) -> None:
    versions(connection, 1, 2)
    connection.execute("drop schema live_deployment cascade")

    rollback(connection)

    assert bodies(connection).keys() == {"f"}


def test_deployments_that_changed_nothing_are_no_steps(connect: Connect) -> None:
    connection = connect(autocommit=False)
    first, second, *alike = versions(connection, 1, 2, 3, 3, 3)

    assert rollback(connection) == second
    assert outcome(connection)["passed_over"] == [alike[1], alike[0]]

    value(connection, "select stopgap.activate('prod', %s)", alike[-1])
    assert rollback(connection, steps=2) == first


def test_a_deployment_that_only_pruned_is_a_step(connection: Connection) -> None:
    write(connection, "old")
    versions(connection, 1)
    connection.execute("drop function shop.old")
    retaining = deploy(connection)
    deploy(connection, options='{"prune": true}')

    assert rollback(connection) == retaining
    assert bodies(connection).keys() == {"f", "old"}


def test_one_that_gave_a_function_up_and_kept_it_live_is_no_step(
    connection: Connection,
) -> None:
    write(connection, "old")
    first, _ = versions(connection, 1, 2)
    connection.execute("drop function shop.old")
    deploy(connection)

    assert rollback(connection) == first


def test_where_only_attributes_differ_that_is_a_step(connection: Connection) -> None:
    first = versions(connection, 1)[0]
    connection.execute("alter function shop.f cost 7")
    deploy(connection)

    assert rollback(connection) == first


def test_where_no_deployment_differs_that_is_said(connection: Connection) -> None:
    first, *_ = versions(connection, 1, 1, 1)
    said: list[str | None] = []
    connection.add_notice_handler(lambda notice: said.append(notice.message_primary))

    assert rollback(connection, steps=2) == first

    assert said == [
        "no deployment before 3 made anything else live: going back changes nothing"
    ]


def test_too_few_steps_say_which_of_them_are_none(connection: Connection) -> None:
    versions(connection, 1, 2, 2)

    with pytest.raises(psycopg.Error, match="lineage holds 1") as error:
        rollback(connection, steps=2)

    assert error.value.sqlstate == "SG204"
    assert "of 2 before it" in (error.value.diag.message_detail or "")
