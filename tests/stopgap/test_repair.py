"""stopgap.repair: the live schema becomes again what the active deployment says."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.fixtures.cluster import Connect
from tests.stopgap.schema import (
    Connection,
    bodies,
    deploy,
    grants,
    rollback,
    rows,
    status,
    value,
    write,
)

BY_HAND = (
    "create or replace function live_deployment.f(args jsonb) returns jsonb"
    " language sql as 'select args'"
)


def repair(connection: Connection, options: str = "{}") -> Any:
    return value(connection, "select stopgap.repair('prod', %s)", options)


@pytest.fixture
def shop(connection: Connection) -> Connection:
    """An environment that runs two functions, and retains a third."""
    write(connection, "f", 1)
    write(connection, "g", 2)
    write(connection, "old", 3)
    deploy(connection)
    connection.execute("drop function shop.old")
    deploy(connection)
    return connection


@pytest.mark.parametrize(
    "statement",
    [
        BY_HAND,
        "alter function live_deployment.f stable",
        "alter function live_deployment.f security definer",
        "alter function live_deployment.f leakproof",
        "alter function live_deployment.f set work_mem to '1MB'",
        "comment on function live_deployment.f is 'mine'",
        "drop function live_deployment.f",
        "drop function live_deployment.old",
        "alter function live_deployment.f rename to h",
        "grant execute on function live_deployment.f to public",
        "grant execute on function live_deployment.old to public",
    ],
)
def test_what_was_done_by_hand_is_undone(shop: Connection, statement: str) -> None:
    before = bodies(shop)
    shop.execute(statement.encode())
    assert status(shop)["drift"]["has_drift"] is True

    assert repair(shop)["changed"] is True

    drift = status(shop)["drift"]
    assert drift["changed"] == drift["dropped"] == []
    assert before.items() <= bodies(shop).items()


def test_it_says_what_it_did_and_logs_it(shop: Connection) -> None:
    shop.execute(BY_HAND.encode())
    shop.execute("drop function live_deployment.old")
    shop.execute("create function live_deployment.mine() returns int return 1")

    done = repair(shop)

    assert {key: done[key] for key in ("created", "replaced", "left", "dry_run")} == {
        "created": ["old"],
        "replaced": [{"fn_name": "f", "changed": ["language", "body"]}],
        "left": ["live_deployment.mine()"],
        "dry_run": False,
    }
    assert value(shop, "select count(*) from stopgap.activation_log") == 2
    assert rows(
        shop,
        "select from_deployment_id, to_deployment_id, action"
        " from stopgap.activation_audit order by activation_id desc limit 1",
    ) == [(2, 2, "repair")]


def test_a_dry_run_shows_the_ddl_and_does_nothing(shop: Connection) -> None:
    shop.execute("drop function live_deployment.f")

    planned = repair(shop, '{"dry_run": true}')

    assert planned["changed"] is planned["dry_run"] is True
    assert planned["created"] == ["f"]
    assert planned["ddl"][0].startswith('create function "live_deployment"."f"')
    assert "f" not in bodies(shop)
    assert value(shop, "select count(*) from stopgap.activation_log") == 2


def test_where_nothing_drifted_nothing_is_done_nor_logged(shop: Connection) -> None:
    done = repair(shop)

    assert (done["changed"], done["ddl"]) == (False, [])
    assert value(shop, "select count(*) from stopgap.activation_log") == 2


def test_a_live_schema_dropped_by_hand_is_made_again(shop: Connection) -> None:
    shop.execute("drop schema live_deployment cascade")
    assert status(shop)["drift"]["live_schema"] == "it does not exist"

    assert repair(shop)["ddl"][0] == 'create schema "live_deployment"'

    assert bodies(shop).keys() == {"f", "g", "old"}
    assert status(shop)["drift"]["has_drift"] is False


def test_grants_on_functions_that_are_replaced_stay(shop: Connection) -> None:
    shop.execute("grant execute on function live_deployment.f to pg_monitor")
    shop.execute("alter function live_deployment.f stable")

    repair(shop)

    assert grants(shop, "f") == {"app_user", "pg_monitor"}


def test_what_everybody_may_execute_is_taken_from_them_alone(
    shop: Connection,
) -> None:
    shop.execute(
        "grant execute on function live_deployment.f to pg_monitor, public;"
        "revoke execute on function live_deployment.f from app_user"
    )
    before = value(shop, "select xmin::text from pg_proc where proname = 'g'")

    done = repair(shop)

    assert done["replaced"] == [{"fn_name": "f", "changed": ["grants"]}]
    assert done["ddl"] == [
        'revoke all on function "live_deployment"."f"(pg_catalog.jsonb) from public'
    ]
    assert grants(shop, "f") == {"pg_monitor"}
    assert before == value(shop, "select xmin::text from pg_proc where proname = 'g'")


def test_a_deploy_takes_functions_from_everybody_and_says_so(shop: Connection) -> None:
    shop.execute("grant execute on function live_deployment.f to public")
    said: list[str | None] = []
    shop.add_notice_handler(lambda notice: said.append(notice.message_primary))
    edit = {"fn_name": "f", "changed": ["grants"], "becomes": "replaced"}
    planned = value(shop, "select stopgap.plan('prod', 'shop')")
    assert planned["live"]["hand_edits"] == [edit]

    deploy(shop)

    assert grants(shop, "f") == {"app_user"}
    assert (
        'live functions had been changed by hand, and are overwritten: "f" (grants)'
        in said
    )


def test_default_privileges_of_the_owner_reach_no_live_function(
    shop: Connection,
) -> None:
    shop.execute(
        "alter default privileges for role stopgap_owner"
        " grant execute on functions to pg_monitor, public;"
        "alter default privileges for role stopgap_owner in schema live_deployment"
        " grant execute on functions to pg_read_all_stats with grant option;"
        "alter default privileges for role stopgap_owner"
        " grant all on schemas to pg_monitor, public"
    )
    write(shop, "new", 4)
    deploy(shop)
    shop.execute("drop function live_deployment.f")
    repair(shop)
    deploy(shop, "staging")

    assert grants(shop, "new") == grants(shop, "f") == {"app_user"}
    assert rows(
        shop,
        "select distinct a.grantee::regrole::text, a.privilege_type"
        " from pg_namespace as n, aclexplode(n.nspacl) as a"
        " where n.nspname = 'live_deployment_staging' and a.grantee <> n.nspowner"
        " order by 1",
    ) == [("app_user", "USAGE"), ("stopgap_deployer", "USAGE")]
    assert value(shop, "select stopgap.verify()")["findings"] == []


def test_a_rollback_after_a_repair_brings_back_what_was_retained(
    shop: Connection,
) -> None:
    shop.execute("drop function live_deployment.old")
    repair(shop)
    deploy(shop, options='{"prune": true}')
    assert bodies(shop).keys() == {"f", "g"}

    rollback(shop)

    assert bodies(shop).keys() == {"f", "g", "old"}


def test_functions_of_another_owner_are_named(shop: Connection) -> None:
    shop.execute("alter function live_deployment.f owner to postgres")
    shop.execute(BY_HAND.encode())

    with pytest.raises(psycopg.Error, match='"f"') as error:
        repair(shop)

    assert error.value.sqlstate == "SG006"
    assert status(shop)["drift"]["changes"]["f"] == ["language", "body", "owner"]


def test_a_function_that_was_only_given_away_is_not_taken_for_repaired(
    shop: Connection,
) -> None:
    shop.execute("alter function live_deployment.f owner to postgres")

    with pytest.raises(psycopg.Error, match='"f"') as error:
        repair(shop)

    assert error.value.sqlstate == "SG006"
    value(shop, "select stopgap.after_restore()")
    assert status(shop)["drift"]["has_drift"] is False


def test_functions_with_another_result_are_named(shop: Connection) -> None:
    shop.execute("drop function live_deployment.f")
    shop.execute(
        "create function live_deployment.f(args jsonb) returns int return 1;"
        "alter function live_deployment.f owner to stopgap_owner"
    )

    with pytest.raises(psycopg.Error, match='"f"') as error:
        repair(shop)

    assert error.value.sqlstate == "SG211"


@pytest.mark.parametrize(
    ("call", "sqlstate"),
    [
        ("stopgap.repair(null)", "SG101"),
        ("stopgap.repair('prod', '{\"dry_run\": 1}')", "SG102"),
        ("stopgap.repair('prod', '{\"dry\": true}')", "SG102"),
        ("stopgap.repair('nowhere')", "SG202"),
        ("stopgap.repair('sealed')", "SG203"),
    ],
)
def test_senseless_repairs_are_refused(
    shop: Connection, call: str, sqlstate: str
) -> None:
    deploy(shop, "sealed", options='{"activate": false}')

    with pytest.raises(psycopg.Error) as error:
        value(shop, f"select {call}")

    assert error.value.sqlstate == sqlstate


def test_other_isolation_levels_are_refused(connect: Connect) -> None:
    connection = connect(autocommit=False)
    connection.execute("set transaction isolation level repeatable read")

    with pytest.raises(psycopg.Error) as error:
        repair(connection)

    assert error.value.sqlstate == "SG201"
