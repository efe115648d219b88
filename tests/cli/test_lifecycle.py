"""The main job by the command line: its JSON, which is a contract, and its words."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from tests.cli.conftest import Outcome, Run

Connection = psycopg.Connection[Any]

GREET = """
    create or replace function shop.greet(args jsonb) returns jsonb
    language plts as $ts$
    export default (ctx: Ctx<{{ name: string }}>) => "{greeting} " + ctx.args.name;
    $ts$
"""
COUNT = """
    create or replace function shop.count(args jsonb) returns jsonb
    language plts as $ts$
    import { query } from "@stopgap/runtime";
    export default query(async (args, ctx) => {
      const [row] = await ctx.db.query<{ n: number }>("select 1::int4 as n");
      return row?.n ?? null;
    });
    $ts$
"""
BROKEN = """
    create or replace function shop.greet(args jsonb) returns jsonb
    language plts as $ts$
    export default (ctx: Ctx<{ name: string }>) => {
      const length: number = ctx.args.name;
      return length;
    };
    $ts$
"""


@pytest.fixture
def shop(connection: Connection) -> Connection:
    """A source schema with two functions."""
    connection.execute("create schema shop")
    connection.execute(GREET.format(greeting="hello"))
    connection.execute(COUNT)
    return connection


@pytest.fixture
def stopgap(run: Run, database: str) -> Run:
    """The command line, with the test's database as its own."""

    def run_there(*arguments: str, **variables: str) -> Outcome:
        return run(*arguments, STOPGAP_DB=database, **variables)

    return run_there


def without_seconds(found: Any) -> Any:
    """Return an answer without how long it took, which it must say."""
    assert found["seconds"].keys() == {"lock_wait", "compile", "ddl", "total"}
    return {key: value for key, value in found.items() if key != "seconds"}


def answer(outcome: Outcome) -> Any:
    assert outcome.exit_code == 0, outcome.stderr
    return outcome.json


def greet(connection: Connection) -> object:
    row = connection.execute(
        """select live_deployment.greet('{"name": "ann"}')"""
    ).fetchone()
    return row[0] if row else None


def deploy(stopgap: Run, *more: str) -> Any:
    return answer(stopgap("deploy", "--from-schema", "shop", *more, "--output", "json"))


def test_deploy_answers_in_json(shop: Connection, stopgap: Run) -> None:
    deployed = deploy(stopgap, "--label", "first", "--prune")

    assert without_seconds(deployed) == {
        "command": "deploy",
        "env": "prod",
        "from_schema": "shop",
        "deployment_id": 1,
        "prune": True,
        "changed": True,
        "status": "active",
        "smoke_tests": None,
        "dry_run": False,
        "skipped": [],
        "hand_edits": [],
    }
    assert greet(shop) == "hello ann"


def test_rollback_answers_in_json_and_restores(shop: Connection, stopgap: Run) -> None:
    first = deploy(stopgap)["deployment_id"]
    shop.execute(GREET.format(greeting="dear"))
    deploy(stopgap)
    assert greet(shop) == "dear ann"

    done = answer(stopgap("rollback", "--output", "json"))

    assert without_seconds(done) == {
        "command": "rollback",
        "env": "prod",
        "steps": 1,
        "to_id": None,
        "to_label": None,
        "deployment_id": first,
        "changed": True,
        "passed_over": [],
        "smoke_tests": None,
        "dry_run": False,
        "hand_edits": [],
    }
    assert greet(shop) == "hello ann"


def test_rollback_goes_to_a_deployment(shop: Connection, stopgap: Run) -> None:
    first = deploy(stopgap)["deployment_id"]
    shop.execute(GREET.format(greeting="dear"))
    second = deploy(stopgap)["deployment_id"]
    answer(stopgap("rollback", "--to", str(first), "--output", "json"))

    done = answer(stopgap("rollback", "--to", str(second), "--output", "json"))

    assert (done["to_id"], done["deployment_id"]) == (second, second)
    assert greet(shop) == "dear ann"


def test_status_answers_in_json(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap, "--label", "first")

    status = answer(stopgap("status", "--output", "json"))

    assert set(status) == {"command", "env", "status"}
    assert status["status"]["live_schema"] == "live_deployment"
    active = status["status"]["active_deployment"]
    assert (active["label"], active["status"]) == ("first", "active")
    names = [each["fn_name"] for each in active["manifest"]["functions"]]
    assert sorted(names) == ["count", "greet"]


def test_deployments_answers_in_json(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap)
    shop.execute(GREET.format(greeting="dear"))
    deploy(stopgap)

    history = answer(stopgap("deployments", "--output", "json"))

    assert set(history) == {"command", "env", "count", "deployments"}
    assert history["count"] == 2
    assert [each["status"] for each in history["deployments"]] == [
        "active",
        "superseded",
    ]
    assert len(history["deployments"][0]["manifest"]["functions"]) == 2


def test_diff_answers_in_json_and_changes_nothing(
    shop: Connection, stopgap: Run
) -> None:
    deploy(stopgap)
    shop.execute(GREET.format(greeting="dear"))

    diff = answer(stopgap("diff", "--from-schema", "shop", "--output", "json"))

    assert set(diff) == {"command", "env", "from_schema", "diff"}
    assert diff["diff"]["summary"] == {
        "added": 0,
        "changed": 1,
        "removed": 0,
        "unchanged": 1,
    }
    assert greet(shop) == "hello ann"


def test_diff_can_tell_by_its_exit_code(shop: Connection, stopgap: Run) -> None:
    options = ("diff", "--from-schema", "shop", "--exit-code")

    assert stopgap(*options).exit_code == 3
    deploy(stopgap)
    assert stopgap(*options).exit_code == 0


def test_deploy_if_changed_makes_nothing_where_nothing_changed(
    shop: Connection, stopgap: Run
) -> None:
    deploy(stopgap, "--if-changed")

    again = deploy(stopgap, "--if-changed")
    told = stopgap("deploy", "--from-schema", "shop", "--if-changed")

    assert (again["deployment_id"], again["changed"]) == (1, False)
    assert told.stdout == "Nothing changed: prod runs deployment 1 already\n"


def test_an_unchanged_deploy_is_recorded_as_such(
    shop: Connection, stopgap: Run
) -> None:
    deploy(stopgap)

    again = deploy(stopgap)

    assert (again["deployment_id"], again["changed"]) == (2, False)


def test_a_deployment_is_sealed_then_activated(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap)
    shop.execute(GREET.format(greeting="dear"))

    sealed = deploy(stopgap, "--no-activate")
    assert (sealed["status"], greet(shop)) == ("sealed", "hello ann")
    done = answer(stopgap("activate", "2", "--output", "json"))

    assert without_seconds(done) == {
        "command": "activate",
        "env": "prod",
        "deployment_id": 2,
        "changed": True,
        "smoke_tests": None,
        "dry_run": False,
        "hand_edits": [],
    }
    assert greet(shop) == "dear ann"
    assert stopgap("activate", "2").stdout == (
        "Nothing to do: prod runs deployment 2 already\n"
    )


def test_rollback_goes_to_a_label(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap, "--label", "v1")
    shop.execute(GREET.format(greeting="dear"))
    deploy(stopgap, "--label", "v2")

    options = ("rollback", "--to-label", "v1", "--output", "json")
    done = answer(stopgap(*options))
    again = answer(stopgap(*options))

    assert (done["to_label"], done["deployment_id"], done["changed"]) == ("v1", 1, True)
    assert (again["deployment_id"], again["changed"]) == (1, False)
    assert greet(shop) == "hello ann"


@pytest.mark.parametrize(
    "options",
    [
        ("plan", "--from-schema", "shop"),
        ("deploy", "--from-schema", "shop", "--dry-run"),
        ("rollback", "--dry-run"),
        ("activate", "1", "--dry-run"),
    ],
    ids=lambda options: options[0],
)
def test_a_plan_answers_in_json_and_changes_nothing(
    shop: Connection, stopgap: Run, options: tuple[str, ...]
) -> None:
    deploy(stopgap)
    shop.execute(GREET.format(greeting="dear"))
    deploy(stopgap)
    shop.execute(GREET.format(greeting="best"))

    planned = answer(stopgap(*options, "--output", "json"))

    assert planned["changed"] is True
    assert planned["plan"]["live"]["replaced"] == ["greet"]
    assert greet(shop) == "dear ann"


def test_a_plan_can_tell_by_its_exit_code(shop: Connection, stopgap: Run) -> None:
    options = ("plan", "--from-schema", "shop", "--exit-code")

    assert stopgap(*options).exit_code == 3
    deploy(stopgap)
    assert stopgap(*options).exit_code == 0
    shop.execute("revoke usage on language plts from stopgap_owner")
    assert stopgap(*options).exit_code == 11


def test_people_see_in_a_plan_what_is_lost_first(
    shop: Connection, stopgap: Run
) -> None:
    deploy(stopgap)
    shop.execute("drop function shop.count(jsonb)")
    shop.execute(GREET.format(greeting="dear"))

    told = stopgap("plan", "--from-schema", "shop", "--prune", "--ddl").stdout

    lines = told.splitlines()
    assert lines[:4] == [
        "Plan: deploying shop to prod",
        "",
        "drops count",
        "",
    ]
    assert "removed count" in lines
    assert "changed greet" in lines
    assert '+    export default (ctx: Ctx<{ name: string }>) => "dear " + ' in told
    assert "Live functions: 1 dropped, 0 created, 1 replaced, 0 unchanged" in lines
    assert '"live_deployment"."count"(pg_catalog.jsonb) restrict;' in told


def test_people_see_what_stays_though_not_deployed(
    shop: Connection, stopgap: Run
) -> None:
    deploy(stopgap)
    shop.execute("drop function shop.count(jsonb)")

    planned = stopgap("plan", "--from-schema", "shop").stdout
    deployed = stopgap("deploy", "--from-schema", "shop").stdout
    status = stopgap("status").stdout

    assert "retains count" in planned.splitlines()
    assert "Still live, though not deployed: count" in deployed
    assert re.search(r"^retained +count$", status, re.MULTILINE)


def test_people_see_in_a_plan_what_is_in_its_way(
    shop: Connection, stopgap: Run
) -> None:
    shop.execute("set check_function_bodies = off")
    shop.execute(BROKEN.encode())
    shop.execute("revoke usage on language plts from stopgap_owner")

    outcome = stopgap("deploy", "--from-schema", "shop", "--dry-run")

    assert outcome.exit_code == 11
    assert re.search(r"greet:3:\d+ TS2322 ", outcome.stdout)
    assert "      const length: number = ctx.args.name;" in outcome.stdout
    assert "error: stopgap_owner lacks USAGE on language plts" in outcome.stdout
    assert "hint: As a superuser: grant usage on language plts" in outcome.stdout


def test_drift_is_repaired(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap)
    shop.execute("drop function live_deployment.greet(jsonb)")

    planned = answer(stopgap("repair", "--dry-run", "--output", "json"))
    assert (planned["changed"], planned["dry_run"]) == (True, True)
    told = stopgap("repair")
    again = answer(stopgap("repair", "--output", "json"))

    assert re.search(r"^greet +created again$", told.stdout, re.MULTILINE)
    assert again["changed"] is False
    assert greet(shop) == "hello ann"


def test_two_deployments_and_two_environments_are_compared(
    shop: Connection, stopgap: Run
) -> None:
    deploy(stopgap)
    shop.execute(GREET.format(greeting="dear"))
    deploy(stopgap, "--env", "staging")

    envs = stopgap("diff", "--env", "staging", "--against-env", "prod", "--exit-code")
    ids = stopgap("diff", "--deployment", "2", "--against", "1")
    same = stopgap("diff", "--deployment", "1", "--exit-code")

    assert envs.exit_code == 3
    assert envs.stdout.startswith("staging against prod: 0 added, 1 changed")
    assert ids.stdout.startswith("deployment 2 against deployment 1: 0 added, 1 ch")
    assert '+    export default (ctx: Ctx<{ name: string }>) => "dear "' in ids.stdout
    assert same.exit_code == 0


def test_nothing_to_compare_is_a_mistake_of_usage(stopgap: Run) -> None:
    assert stopgap("diff").exit_code == 2


def test_a_compile_error_shows_the_line_and_changes_nothing(
    shop: Connection, stopgap: Run
) -> None:
    deploy(stopgap)
    shop.execute("set check_function_bodies = off")
    shop.execute(BROKEN.encode())

    outcome = stopgap("deploy", "--from-schema", "shop")

    assert outcome.exit_code == 11
    assert outcome.stdout == ""
    assert re.search(r"greet:3:\d+ TS2322 ", outcome.stderr)
    *_, source, caret, _, _, _ = outcome.stderr.splitlines()
    assert source.endswith("      const length: number = ctx.args.name;")
    assert caret.index("^") == source.index("length")
    assert greet(shop) == "hello ann"


def test_a_compile_error_has_diagnostics_in_json(
    shop: Connection, stopgap: Run
) -> None:
    shop.execute("set check_function_bodies = off")
    shop.execute(BROKEN.encode())

    outcome = stopgap("deploy", "--from-schema", "shop", "--output", "json")

    error = outcome.error_json["error"]
    assert outcome.exit_code == outcome.error_json["exit_code"] == 11
    assert error["kind"] == "CompileError"
    assert error["sqlstate"] == "SG108"
    assert [(each["fn_name"], each["code"]) for each in error["diagnostics"]] == [
        ("greet", "TS2322")
    ]


def test_a_refusal_has_its_sqlstate_and_hint(database: str, stopgap: Run) -> None:
    outcome = stopgap("deploy", "--from-schema", "none", "--output", "json")

    error = outcome.error_json["error"]
    assert outcome.exit_code == 11
    assert error["kind"] == "DatabaseError"
    assert error["sqlstate"] == "SG104"


def test_a_database_without_stopgap_is_not_initialized(
    database: str, stopgap: Run
) -> None:
    outcome = stopgap("status", "--db", re.sub(r"[^/]+$", "postgres", database))

    assert outcome.exit_code == 14
    assert "hint: as a superuser run: create extension" in outcome.stderr


def test_a_deployer_needs_no_more_than_its_role(
    shop: Connection, run: Run, database: str
) -> None:
    shop.execute("grant usage on schema shop to stopgap_deployer")
    as_deployer = f"{database}?options=-c%20role%3Dstopgap_deployer"

    deployed = run("deploy", "--from-schema", "shop", "--db", as_deployer)
    shop.execute(GREET.format(greeting="dear"))
    diff = run("diff", "--from-schema", "shop", "--db", as_deployer)

    assert deployed.exit_code == 0, deployed.stderr
    assert '+    export default (ctx: Ctx<{ name: string }>) => "dear "' in diff.stdout
    for verb in ("status", "deployments", "rollback"):
        told = run(verb, "--db", as_deployer).stderr
        assert "permission" not in told


def test_somebody_else_may_not_deploy(
    shop: Connection, run: Run, database: str
) -> None:
    as_user = f"{database}?options=-c%20role%3Dapp_user"

    outcome = run("deploy", "--from-schema", "shop", "--db", as_user)

    assert outcome.exit_code == 11
    assert outcome.stderr.startswith("error: ")


def test_people_are_told_what_changed_and_how_to_undo_it(
    shop: Connection, stopgap: Run
) -> None:
    first = stopgap("deploy", "--from-schema", "shop", "--label", "first")
    shop.execute(GREET.format(greeting="dear"))
    second = stopgap("deploy", "--from-schema", "shop")
    back = stopgap("rollback")

    assert 'Deployed shop to prod: deployment 1 "first", 2 functions' in first.stdout
    assert "To undo: stopgap rollback --env prod" in second.stdout
    assert "1 unchanged" in second.stdout
    assert re.search(r"^greet +changed$", second.stdout, re.MULTILINE)
    assert 'Rolled prod back from deployment 2 to deployment 1 "first"\n' in back.stdout
    assert "To undo: stopgap activate --env prod 2" in back.stdout


def test_people_see_the_typescript_that_differs(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap)
    shop.execute(GREET.format(greeting="dear"))

    outcome = stopgap("diff", "--from-schema", "shop")

    assert "0 added, 1 changed, 0 removed, 1 unchanged" in outcome.stdout
    assert (
        '-    export default (ctx: Ctx<{ name: string }>) => "hello "' in outcome.stdout
    )
    assert (
        '+    export default (ctx: Ctx<{ name: string }>) => "dear "' in outcome.stdout
    )


def test_people_see_drift(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap)
    shop.execute("drop function live_deployment.greet(jsonb)")

    outcome = stopgap("status")

    assert re.search(r"^drift +greet: dropped by hand$", outcome.stdout, re.MULTILINE)
    assert "\ngreet  " in outcome.stdout


def test_people_see_the_history(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap, "--label", "first")

    outcome = stopgap("deployments")

    title, row = outcome.stdout.splitlines()
    columns = re.split(r" {2,}", title)
    assert columns[:5] == ["id", "status", "label", "from schema", "functions"]
    assert columns[5:] == ["commit", "created", "by"]
    assert row.split()[:5] == ["1", "active", "first", "shop", "2"]


def test_programs_get_nothing_but_json(shop: Connection, stopgap: Run) -> None:
    outcome = stopgap("deploy", "--from-schema", "shop", "--output", "json")

    assert outcome.stderr == ""
