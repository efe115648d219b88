"""stopgap.deploy: what it records, what becomes live, and what it refuses."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

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


def test_a_first_deploy_makes_the_environment_and_its_live_schema(
    connection: Connection,
) -> None:
    write(connection, "add")

    deployment = deploy(connection, label="first")

    assert rows(connection, "select * from stopgap.environment_overview")[0][:6] == (
        "prod",
        "live_deployment",
        deployment,
        status_time(connection),
        "active",
        "first",
    )
    assert bodies(connection).keys() == {"add"}
    owner = value(
        connection,
        "select nspowner::regrole::text from pg_namespace"
        " where nspname = 'live_deployment'",
    )
    assert owner == "stopgap_owner"


def status_time(connection: Connection) -> object:
    return value(connection, "select updated_at from stopgap.environment")


def test_a_live_function_is_a_pointer_owned_by_the_engine(
    connection: Connection,
) -> None:
    write(connection, "add")

    deploy(connection)

    (found,) = rows(
        connection,
        "select proowner::regrole::text, prosecdef, pg_get_function_arguments(oid),"
        " pg_get_function_result(oid), prosrc::jsonb"
        " from pg_proc where oid = 'live_deployment.add'::regproc",
    )
    artifact_hash = value(connection, "select artifact_hash from stopgap.fn_version")
    assert found == (
        "stopgap_owner",
        False,
        "args jsonb",
        "jsonb",
        {
            "plts": 1,
            "kind": "artifact_ptr",
            "artifact_hash": artifact_hash,
            "export": "default",
            "mode": "stopgap_deployed",
        },
    )


def test_execute_is_app_users_and_not_everybodys(connection: Connection) -> None:
    write(connection, "add")

    deploy(connection)

    assert grants(connection, "add") == {"app_user"}


def test_grants_of_people_survive_later_deploys(connection: Connection) -> None:
    write(connection, "add")
    deploy(connection)
    connection.execute("revoke execute on function live_deployment.add from app_user")
    connection.execute("grant execute on function live_deployment.add to pg_monitor")

    write(connection, "add", 2)
    deploy(connection)

    assert grants(connection, "add") == {"pg_monitor"}


def test_the_next_deployment_supersedes_the_last(connection: Connection) -> None:
    write(connection, "add")
    first = deploy(connection)
    write(connection, "add", 2)

    second = deploy(connection)

    assert statuses(connection) == {first: "superseded", second: "active"}
    assert rows(
        connection,
        "select from_deployment_id, to_deployment_id, action"
        " from stopgap.activation_audit order by activation_id",
    ) == [(None, first, "deploy"), (first, second, "deploy")]
    lineage = rows(connection, "select id, previous_id from stopgap.deployment")
    assert set(lineage) == {(first, None), (second, first)}


def test_an_unchanged_function_is_left_alone(connection: Connection) -> None:
    write(connection, "same")
    write(connection, "other")
    deploy(connection)
    query = "select oid::bigint, xmin::text from pg_proc where oid = %s::regproc"
    before = rows(connection, query, "live_deployment.same")
    write(connection, "other", 2)

    deploy(connection)

    assert rows(connection, query, "live_deployment.same") == before


def test_the_manifest_tells_functions_and_what_was_skipped(
    connection: Connection,
) -> None:
    write(connection, "add")
    connection.execute(
        "create function shop.plus(a int, b int) returns int"
        " language plts as 'return (a ?? 0) + (b ?? 0)'"
    )

    deploy(connection, label="v1")

    manifest = status(connection)["active_deployment"]["manifest"]
    (function,) = manifest.pop("functions")
    assert manifest == {
        "env": "prod",
        "source_schema": "shop",
        "live_schema": "live_deployment",
        "label": "v1",
        "skipped": [
            {
                "fn_name": "plus",
                "reason": "its parameters are (integer, integer), not (args jsonb)",
            }
        ],
        "retained": [],
        "prune": {"enabled": False, "dropped": [], "skipped_with_dependents": []},
    }
    assert function.keys() == {
        "fn_name",
        "source_schema",
        "live_schema",
        "kind",
        "artifact_hash",
        "pointer",
    }


def test_security_definer_sources_are_skipped(connection: Connection) -> None:
    write(connection, "plain")
    write(connection, "definer", attributes="security definer")

    deploy(connection)

    assert bodies(connection).keys() == {"plain"}
    (skipped,) = status(connection)["active_deployment"]["manifest"]["skipped"]
    assert skipped["fn_name"] == "definer"
    assert "SECURITY DEFINER" in skipped["reason"]


def test_a_schema_without_functions_deploys_with_a_warning_where_allowed(
    connection: Connection,
) -> None:
    connection.execute("create schema shop")
    said: list[str | None] = []
    connection.add_notice_handler(lambda notice: said.append(notice.message_primary))

    deploy(connection, options='{"allow_empty": true}')

    assert said == ['schema "shop" has no deployable function']


def test_an_overloaded_name_is_refused(connection: Connection) -> None:
    write(connection, "f")
    connection.execute(
        "create function shop.f(int) returns int language sql as 'select 1'"
    )

    with pytest.raises(psycopg.Error, match='"f"') as error:
        deploy(connection)

    assert error.value.sqlstate == "SG107"
    assert error.value.diag.message_detail == "f: shop.f(jsonb), shop.f(integer)"


def test_all_compile_errors_are_reported_together(connection: Connection) -> None:
    connection.execute("set check_function_bodies = off")
    write(connection, "good")
    write(connection, "first", 'export default (): number => "TYPE_ERROR";')
    write(connection, "second", '\nexport default (): number =>\n  "TYPE_ERROR";')

    with pytest.raises(psycopg.Error, match="2 errors in 2 functions") as error:
        deploy(connection)

    assert error.value.sqlstate == "SG108"
    first, second = [
        line
        for line in (error.value.diag.message_detail or "").splitlines()
        if not line.startswith("  ")
    ]
    assert first.startswith("first:1:")
    assert second.startswith("second:3:")
    assert ": TS2322: " in first


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("\nreturn 1 +;", "f:2:11: TS"),
        ("\n\n  const n: number = 'a'; return n;", "f:3:9: TS2322: "),
        ("export default\n  ( => 1;", "f:2:5: TS"),
        ("export default () =>\n  nothing;", "f:2:3: TS2304: "),
    ],
    ids=["plain syntax", "plain type", "module syntax", "module name"],
)
def test_compile_errors_are_told_in_the_lines_of_their_function(
    connection: Connection, body: str, place: str
) -> None:
    connection.execute("set check_function_bodies = off")
    write(connection, "f", body)

    with pytest.raises(psycopg.Error) as error:
        deploy(connection)

    assert error.value.sqlstate == "SG108"
    assert (error.value.diag.message_detail or "").startswith(place)


def test_a_failed_deploy_changes_nothing(connection: Connection) -> None:
    write(connection, "f")
    deploy(connection)
    before = snapshot(connection)
    connection.execute("set check_function_bodies = off")
    write(connection, "f", 'export default (): number => "TYPE_ERROR";')

    with pytest.raises(psycopg.Error, match="do not compile"):
        deploy(connection)

    assert snapshot(connection) == before


def snapshot(connection: Connection) -> list[object]:
    """Return all that a deploy writes, but for sequences, which never go back."""
    return [
        rows(connection, f"select * from {table} order by 1, 2")
        for table in (
            "stopgap.environment",
            "stopgap.deployment",
            "stopgap.fn_version",
            "stopgap.activation_log",
            "stopgap.dropped_function",
        )
    ] + [bodies(connection)]


@pytest.mark.parametrize(
    ("call", "sqlstate"),
    [
        ("stopgap.deploy(null, 'shop')", "SG101"),
        ("stopgap.deploy('', 'shop')", "SG101"),
        ("stopgap.deploy('prod', null)", "SG101"),
        ("stopgap.deploy('prod', 'shop', null, '{\"purge\": true}')", "SG102"),
        ("stopgap.deploy('prod', 'shop', null, '{\"prune\": 1}')", "SG102"),
        ("stopgap.deploy('prod', 'nowhere')", "SG104"),
        ("stopgap.deploy('prod', 'Shop')", "SG104"),
        ("stopgap.deploy('staging', 'live_deployment')", "SG105"),
    ],
)
def test_senseless_deploys_are_refused(
    connection: Connection, call: str, sqlstate: str
) -> None:
    write(connection, "f")
    deploy(connection)

    with pytest.raises(psycopg.Error) as error:
        value(connection, f"select {call}")

    assert error.value.sqlstate == sqlstate


def test_null_options_are_no_options(connection: Connection) -> None:
    write(connection, "f")

    assert value(connection, "select stopgap.deploy('prod', 'shop', null, null)") == 1


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_other_isolation_levels_are_refused(connect: Connect, level: str) -> None:
    connection = connect(autocommit=False)
    connection.execute(f"set transaction isolation level {level}".encode())

    with pytest.raises(psycopg.Error, match=level) as error:
        deploy(connection)

    assert error.value.sqlstate == "SG201"


def test_a_read_only_transaction_writes_nothing(connect: Connect) -> None:
    connection = connect()
    write(connection, "f")
    connection.execute("set default_transaction_read_only = on")

    with pytest.raises(errors.ReadOnlySqlTransaction):
        deploy(connection)


def test_a_deploy_is_undone_with_its_transaction(connect: Connect) -> None:
    connection = connect()
    write(connection, "f")

    with connection.transaction(force_rollback=True):
        deploy(connection)

    assert status(connection) is None
    assert value(connection, "select to_regnamespace('live_deployment')") is None


def test_functions_written_in_the_same_transaction_are_deployed(
    connect: Connect,
) -> None:
    connection = connect()

    with connection.transaction():
        write(connection, "f")
        deploy(connection)

    assert bodies(connection).keys() == {"f"}


def test_environments_share_a_database(connection: Connection) -> None:
    write(connection, "f")

    deploy(connection, "prod")
    deploy(connection, "staging")

    assert bodies(connection) == bodies(connection, "live_deployment_staging")
    assert status(connection, "staging")["live_schema"] == "live_deployment_staging"


def test_a_changed_live_function_is_put_right(connection: Connection) -> None:
    write(connection, "f")
    deploy(connection)
    before = bodies(connection)
    connection.execute(
        "create or replace function live_deployment.f(args jsonb) returns jsonb"
        " language sql as 'select args'"
    )

    deploy(connection)

    assert bodies(connection) == before


def test_a_live_function_that_cannot_be_replaced_is_refused(
    connection: Connection,
) -> None:
    write(connection, "f")
    deploy(connection)
    connection.execute("drop function live_deployment.f")
    connection.execute(
        "create function live_deployment.f(args jsonb) returns int"
        " language sql as 'select 1'; "
        "alter function live_deployment.f owner to stopgap_owner"
    )

    with pytest.raises(psycopg.Error, match='"f"') as error:
        deploy(connection)

    assert error.value.sqlstate == "SG211"


def test_the_version_that_is_left_is_the_one_to_return_to(
    connection: Connection,
) -> None:
    write(connection, "f", 1)
    first = deploy(connection)
    write(connection, "f", 2)
    deploy(connection)
    rollback(connection)
    write(connection, "f", 3)

    third = deploy(connection)

    assert (
        value(
            connection,
            "select previous_id from stopgap.deployment where id = %s",
            third,
        )
        == first
    )


SETTINGS = (
    "standard_conforming_strings = off",
    "search_path = shop, pg_temp",
    "extra_float_digits = -15",
    "datestyle = 'SQL, DMY'",
    "intervalstyle = sql_standard",
    "quote_all_identifiers = on",
    "transform_null_equals = on",
    "backslash_quote = off",
    "array_nulls = off",
    "bytea_output = escape",
    "timezone = 'Asia/Kathmandu'",
    "xmlbinary = hex",
    "lc_numeric = 'C'",
    "plan_cache_mode = force_generic_plan",
    "row_security = off",
    "default_transaction_deferrable = on",
    "plpgsql.variable_conflict = use_column",
)


@pytest.fixture
def hostile(connection: Connection) -> Connection:
    """A session whose settings change how SQL is read and how values are written."""
    write(connection, "back\\slash", attributes="set application_name to 'a\\b''c'")
    write(connection, "pointer_like", "\t { return 1; }")
    for setting in SETTINGS:
        connection.execute(f"set {setting}".encode())
    return connection


def test_hostile_session_settings_do_no_harm(hostile: Connection) -> None:
    deploy(hostile)
    deploy(hostile)

    hostile.execute("reset all")
    assert bodies(hostile).keys() == {"back\\slash", "pointer_like"}
    assert status(hostile)["drift"]["has_drift"] is False
    assert (
        value(
            hostile,
            "select count(distinct proconfig) from pg_proc where proname = %s",
            "back\\slash",
        )
        == 1
    )


def test_no_verb_warns_of_its_own_sql(hostile: Connection) -> None:
    said: list[tuple[str | None, str | None]] = []
    hostile.add_notice_handler(
        lambda notice: said.append((notice.severity, notice.message_primary))
    )

    deploy(hostile)
    # So that the rollback has something to go back to.
    write(hostile, "pointer_like", "\t { return 2; }")
    for call in (
        "plan('prod', 'shop')",
        "diff('prod', 'shop')",
        "status('prod')",
        "deployments('prod')",
        "promote('prod', 'staging')",
        "import_deployment('other', stopgap.export_deployment('prod'))",
        "deploy('prod', 'shop')",
        "rollback('prod')",
        "activate('prod', 1)",
        "repair('prod')",
        "record_failure('prod', 'shop', jsonb_build_object('message', 'it failed'))",
        "find_deployment('prod', 'a')",
        "verify()",
        "gc(jsonb_build_object('keep', 1, 'grace', '0'))",
        "after_restore()",
        "metrics()",
        "version()",
    ):
        value(hostile, f"select stopgap.{call}")

    assert [told for severity, told in said if severity == "WARNING"] == []


def test_the_extensions_are_made_without_warnings(connection: Connection) -> None:
    said: list[str | None] = []
    connection.execute("drop extension stopgap; drop extension plts cascade")
    connection.add_notice_handler(lambda notice: said.append(notice.message_primary))
    for setting in SETTINGS:
        connection.execute(f"set {setting}".encode())

    connection.execute("create extension plts; create extension stopgap")

    assert [told for told in said if "exists already" not in (told or "")] == []
