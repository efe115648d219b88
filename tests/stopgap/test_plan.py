"""stopgap.plan: what would happen, all that is in its way, and nothing done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from stopgap.engine.canonical import digest
from tests.fixtures.cluster import Connect
from tests.stopgap.roles import DEPLOYER
from tests.stopgap.schema import (
    Connection,
    bodies,
    deploy,
    grants,
    rollback,
    value,
    write,
)


def plan(
    connection: Connection,
    schema: str | None = "shop",
    env: str = "prod",
    **options: object,
) -> Any:
    return value(
        connection, "select stopgap.plan(%s, %s, %s)", env, schema, Jsonb(options)
    )


def changes(found: Any) -> dict[str, str]:
    return {each["fn_name"]: each["change"] for each in found["functions"]}


def run(connection: Connection, statements: list[str]) -> None:
    """Run a plan's DDL as the engine does."""
    connection.execute("set role stopgap_owner")
    connection.execute(";".join(statements).encode())
    connection.execute("reset role")


@pytest.fixture
def shop(connection: Connection) -> Connection:
    """Deployed functions, of which some changed since."""
    for name in ("same", "code", "gone", "used"):
        write(connection, name)
    deploy(connection)
    write(connection, "code", "export default () => {\n  return 2;\n};")
    write(connection, "new")
    connection.execute("drop function shop.gone; drop function shop.used")
    connection.execute(
        "create function shop.touch(a int) returns int language plts as 'return a'"
    )
    connection.execute("create view shop.v as select live_deployment.used('{}') as a")
    return connection


def test_it_says_what_a_deploy_would_do(shop: Connection) -> None:
    found = plan(shop, prune=True)

    assert found["action"] == "deploy"
    assert (found["env"], found["source_schema"]) == ("prod", "shop")
    assert (found["active_deployment_id"], found["deployment_id"]) == (1, None)
    assert found["possible"] is found["changed"] is found["prune"] is True
    assert changes(found) == {
        "same": "unchanged",
        "code": "changed",
        "gone": "removed",
        "used": "removed",
        "new": "added",
    }
    assert found["summary"] == {"added": 1, "changed": 1, "removed": 2, "unchanged": 1}
    assert found["live"] == {
        "dropped": ["gone"],
        "kept": [{"fn_name": "used", "dependents": ["rule _RETURN on view shop.v"]}],
        "retained": [{"fn_name": "used", "deployment_id": 1}],
        "created": ["new"],
        "replaced": ["code"],
        "unchanged": 1,
        "hand_edits": [],
    }
    assert found["skipped"] == [
        {"fn_name": "touch", "reason": "its parameters are (integer), not (args jsonb)"}
    ]


def test_the_deploy_then_does_just_that(shop: Connection) -> None:
    planned = plan(shop, prune=True)["live"]

    deploy(shop, options='{"prune": true}')

    done = value(
        shop, "select outcome from stopgap.activation_log order by id desc limit 1"
    )
    assert done["dropped"] == planned["dropped"]
    assert done["kept"] == planned["kept"]
    assert done["retained"] == planned["retained"]
    assert done["created"] == len(planned["created"])
    assert done["replaced"] == len(planned["replaced"])
    assert plan(shop)["changed"] is False


def test_its_ddl_is_what_makes_the_live_schema(shop: Connection) -> None:
    found = plan(shop, prune=True)

    run(shop, found["ddl"])

    before = bodies(shop)
    deploy(shop, options='{"prune": true}')
    assert bodies(shop) == before


def test_changed_typescript_comes_as_a_unified_diff(shop: Connection) -> None:
    diffs = {each["fn_name"]: each["diff"] for each in plan(shop)["functions"]}

    assert diffs.pop("code") == (
        "--- code (active)\n"
        "+++ code (planned)\n"
        "@@ -1 +1,3 @@\n"
        "-export default () => (1);\n"
        "+export default () => {\n"
        "+  return 2;\n"
        "+};\n"
    )
    assert set(diffs.values()) == {None}


def test_a_plain_body_is_shown_as_it_was_written(connection: Connection) -> None:
    write(connection, "f", "return 1;")
    deploy(connection)
    write(connection, "f", "return 2;")

    (function,) = plan(connection)["functions"]

    assert function["diff"].endswith("@@ -1 +1 @@\n-return 1;\n+return 2;\n")


def test_a_first_deploy_creates_the_live_schema(connection: Connection) -> None:
    write(connection, "f")

    found = plan(connection)

    assert found["ddl"][0] == 'create schema "live_deployment"'
    assert found["active_deployment_id"] is None
    run(connection, found["ddl"])
    assert grants(connection, "f") == {"app_user"}


def test_it_writes_nothing_and_compiles_nothing(connection: Connection) -> None:
    connection.execute("set check_function_bodies = off")
    write(connection, "f", "export default () => 'never compiled';")

    with connection.transaction():
        connection.execute("set transaction read only")
        assert plan(connection)["possible"] is True

    assert value(connection, "select count(*) from stopgap.environment") == 0
    assert value(connection, "select count(*) from plts.artifact") == 0


def test_compile_errors_are_part_of_the_plan(shop: Connection) -> None:
    shop.execute("set check_function_bodies = off")
    write(shop, "wrong", 'export default (): number => "a";')
    write(shop, "broken", "export default (;")

    found = plan(shop)

    assert found["possible"] is False
    assert {each["fn_name"] for each in found["diagnostics"]} == {"wrong", "broken"}
    (type_error,) = [d for d in found["diagnostics"] if d["fn_name"] == "wrong"]
    assert (type_error["line"], type_error["code"]) == (1, "TS2322")
    assert [each["sqlstate"] for each in found["refusals"]] == ["SG108"]
    assert changes(found)["code"] == "changed"


def test_all_missing_privileges_are_listed(shop: Connection) -> None:
    database = value(shop, "select current_database()")
    shop.execute(
        f"revoke usage on language plts from stopgap_owner;"
        f"revoke create on database {database} from stopgap_owner;"
        "alter function shop.new set session_replication_role = replica".encode()
    )

    found = plan(shop, env="staging")

    assert [each["sqlstate"] for each in found["privileges_missing"]] == [
        "SG004",
        "SG003",
        "SG005",
    ]
    assert all(each["hint"] for each in found["privileges_missing"])
    assert found["refusals"] == []
    assert found["possible"] is False


@pytest.mark.usefixtures("roles")
def test_who_may_not_look_into_the_schema_learns_nothing_of_it(
    shop: Connection, connect: Connect
) -> None:
    found = plan(connect(role=DEPLOYER), prune=True)

    assert [each["sqlstate"] for each in found["privileges_missing"]] == ["SG002"]
    # Nor are its functions taken to be gone.
    assert found["functions"] == found["live"]["dropped"] == found["ddl"] == []
    assert found["skipped"] == []
    assert found["changed"] is False


def foreign_function(connection: Connection) -> None:
    connection.execute("alter function live_deployment.code owner to postgres")


def foreign_schema(connection: Connection) -> None:
    connection.execute("alter schema live_deployment owner to postgres")


def ambiguous(connection: Connection) -> None:
    connection.execute("create function shop.same() returns int language sql return 1")


def another_result(connection: Connection) -> None:
    connection.execute(
        "drop function live_deployment.code;"
        "create function live_deployment.code(args jsonb) returns int return 1;"
        "alter function live_deployment.code owner to stopgap_owner"
    )


@pytest.mark.parametrize(
    ("spoil", "key", "sqlstate"),
    [
        (foreign_function, "privileges_missing", "SG006"),
        (foreign_schema, "privileges_missing", "SG006"),
        (ambiguous, "refusals", "SG107"),
        (another_result, "refusals", "SG211"),
    ],
)
def test_what_the_deploy_would_be_refused_for_is_part_of_the_plan(
    shop: Connection,
    spoil: Callable[[Connection], None],
    key: str,
    sqlstate: str,
) -> None:
    spoil(shop)

    assert [each["sqlstate"] for each in plan(shop)[key]] == [sqlstate]
    with pytest.raises(psycopg.Error) as error:
        deploy(shop)
    assert error.value.sqlstate == sqlstate


def test_a_live_schema_that_is_taken_is_part_of_the_plan(shop: Connection) -> None:
    shop.execute("set stopgap.live_schema = 'shop'")

    found = plan(shop, env="staging")

    assert [each["sqlstate"] for each in found["refusals"]] == ["SG106"]


def test_after_a_failure_the_settings_still_choose_the_live_schema(
    shop: Connection,
) -> None:
    value(
        shop,
        "select stopgap.record_failure('staging', 'shop', %s)",
        Jsonb({"message": "it failed"}),
    )
    shop.execute("set stopgap.live_schema = 'chosen'")

    found = plan(shop, env="staging")
    deploy(shop, "staging")

    assert found["live_schema"] == "chosen"
    assert bodies(shop, "chosen").keys() == set(found["live"]["created"])


def test_a_rollback_is_planned(shop: Connection) -> None:
    shop.execute("drop view shop.v")
    deploy(shop, options='{"prune": true}')
    shop.execute("grant execute on function live_deployment.code to pg_monitor")

    found = plan(shop, None, rollback={})

    assert (found["action"], found["deployment_id"]) == ("rollback", 1)
    assert found["source_schema"] is None
    assert found["live"]["dropped"] == ["new"]
    assert found["live"]["created"] == ["gone", "used"]
    assert found["live"]["replaced"] == ["code"]
    assert next(d for d in found["ddl"]).startswith("drop function")
    assert changes(found)["new"] == "removed"
    run(shop, found["ddl"])
    after = bodies(shop)
    rollback(shop)
    assert bodies(shop) == after


def test_a_planned_rollback_brings_back_the_grants(connection: Connection) -> None:
    write(connection, "f")
    write(connection, "old")
    deploy(connection)
    connection.execute("grant execute on function live_deployment.old to pg_monitor")
    connection.execute("drop function shop.old")
    deploy(connection, options='{"prune": true}')

    run(connection, plan(connection, None, rollback={"steps": 1})["ddl"])

    assert grants(connection, "old") == {"app_user", "pg_monitor"}


@pytest.mark.parametrize("request_", [{"to_id": 1}, {"to_label": "v1"}, {"steps": 2}])
def test_a_rollback_is_planned_by_id_label_and_steps(
    connection: Connection, request_: dict[str, object]
) -> None:
    for code in (1, 2, 3):
        write(connection, "f", code)
        deploy(connection, label=f"v{code}")

    assert plan(connection, None, rollback=request_)["deployment_id"] == 1


def test_an_activation_is_planned(shop: Connection) -> None:
    sealed = deploy(shop, options='{"activate": false}')

    found = plan(shop, None, activate=sealed)

    assert (found["action"], found["deployment_id"]) == ("activate", sealed)
    assert found["live"]["created"] == ["new"]
    assert found["live"]["dropped"] == []


def test_what_runs_already_is_planned_to_stay(shop: Connection) -> None:
    found = plan(shop, None, rollback={"to_id": 1})

    assert (found["changed"], found["ddl"]) == (False, [])


@pytest.mark.parametrize(
    ("call", "sqlstate"),
    [
        ("stopgap.plan(null, 'shop')", "SG101"),
        ("stopgap.plan('prod', null)", "SG101"),
        ("stopgap.plan('prod', 'nowhere')", "SG104"),
        ("stopgap.plan('prod', 'live_deployment')", "SG105"),
        ("stopgap.plan('prod', 'shop', '{\"activate\": 1}')", "SG102"),
        ("stopgap.plan('prod', 'shop', '{\"if_changed\": true}')", "SG102"),
        ("stopgap.plan('prod', null, '{\"rollback\": {\"step\": 1}}')", "SG102"),
        ("stopgap.plan('prod', null, '{\"rollback\": {}, \"prune\": true}')", "SG102"),
        ("stopgap.plan('prod', null, '{\"rollback\": {\"steps\": 0}}')", "SG101"),
        ("stopgap.plan('prod', null, '{\"rollback\": {}}')", "SG204"),
        ("stopgap.plan('nowhere', null, '{\"rollback\": {}}')", "SG202"),
        ("stopgap.plan('prod', null, '{\"activate\": 99}')", "SG205"),
    ],
)
def test_senseless_plans_are_refused(
    shop: Connection, call: str, sqlstate: str
) -> None:
    with pytest.raises(psycopg.Error) as error:
        value(shop, f"select {call}")

    assert error.value.sqlstate == sqlstate


def test_a_promotion_is_planned(shop: Connection) -> None:
    shop.execute("drop view shop.v")
    deploy(shop, "staging")

    found = plan(shop, None, promote="staging", prune=True)

    assert (found["action"], found["from_env"]) == ("promote", "staging")
    assert found["live"]["created"] == ["new"]
    assert found["live"]["dropped"] == ["gone", "used"]
    assert found["skipped"][0]["fn_name"] == "touch"
    (code,) = [each for each in found["functions"] if each["fn_name"] == "code"]
    assert code["diff"].endswith("+};\n")
    value(shop, "select stopgap.promote('staging', 'prod', '{\"prune\": true}')")
    assert bodies(shop).keys() == {"same", "code", "new"}
    assert plan(shop, None, promote="staging")["changed"] is False


def test_an_import_is_planned_without_storing_anything(
    shop: Connection, connect: Connect
) -> None:
    deploy(shop, "staging")
    bundle = value(shop, "select stopgap.export_deployment('staging')")
    shop.execute("drop extension stopgap; drop extension plts cascade")
    shop.execute("create extension plts; create extension stopgap")
    there = connect()

    found = plan(there, None, **{"import": bundle})

    assert (found["action"], found["possible"]) == ("import", True)
    assert sorted(found["live"]["created"]) == ["code", "new", "same"]
    assert found["unchecked"] == []
    assert value(there, "select count(*) from plts.artifact") == 0
    assert value(there, "select count(*) from stopgap.environment") == 0


def test_what_a_bundle_would_be_refused_for_is_part_of_the_plan(
    shop: Connection,
) -> None:
    deploy(shop, "staging")
    bundle = value(shop, "select stopgap.export_deployment('staging')")
    bundle["artifacts"][0]["source_ts"] += " "

    with pytest.raises(psycopg.Error) as error:
        plan(shop, None, **{"import": bundle})
    assert error.value.sqlstate == "SG124"

    bundle.pop("digest")
    bundle["digest"] = digest(
        {key: each for key, each in bundle.items() if key != "signature"}
    )
    found = plan(shop, None, **{"import": bundle})
    assert found["possible"] is False
    assert [each["sqlstate"] for each in found["refusals"]] == ["SG124"]


@pytest.mark.parametrize(
    ("options", "sqlstate"),
    [
        ({"promote": "prod"}, "SG101"),
        ({"promote": "nowhere"}, "SG202"),
        ({"promote": "staging", "activate": 1}, "SG102"),
        ({"import": "a text"}, "SG102"),
        ({"import": {}}, "SG122"),
    ],
)
def test_senseless_plans_of_new_deployments_are_refused(
    shop: Connection, options: dict[str, object], sqlstate: str
) -> None:
    with pytest.raises(psycopg.Error) as error:
        plan(shop, None, "prod", **options)

    assert error.value.sqlstate == sqlstate
