"""deploy --smoke: what must succeed before a deploy counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

from tests.cli.conftest import Outcome, Run
from tests.cli.shop import Connection, answer, deploy, shop, stopgap, write

__all__ = ["shop", "stopgap"]

GOOD = """
[[check]]
name = "greets"
call = "greet"
args = { name = "ann" }
expect = { greeting = "hello ann", length = 3 }

[[check]]
call = "greet"
args = { name = "bob" }
contains = { length = 3 }

[[check]]
sql = "select count(*) = 2 from public.visits"

[[check]]
sql = "select * from stopgap.deployment"
error = "42501"
"""


@pytest.fixture
def smoke(stopgap: Run, tmp_path: Path) -> Any:
    """Deploys with checks; the answer is JSON."""

    def run_checks(text: str, *more: str, suffix: str = "toml") -> Outcome:
        file = tmp_path / f"smoke.{suffix}"
        file.write_text(text)
        return stopgap(
            "deploy",
            "--from-schema",
            "shop",
            "--smoke",
            str(file),
            *more,
            "--output",
            "json",
        )

    return run_checks


def count(connection: Connection, table: str) -> int:
    row = connection.execute(f"select count(*) from {table}".encode()).fetchone()
    return int(row[0]) if row else -1


def why(outcome: Outcome) -> list[str]:
    """Return why the checks failed."""
    assert outcome.exit_code == 16, (outcome.stdout, outcome.stderr)
    return [each["message"] for each in outcome.error_json["error"]["smoke_tests"]]


def test_checks_that_succeed_let_the_deploy_through(
    shop: Connection, smoke: Any
) -> None:
    deployed = answer(smoke(GOOD))

    assert deployed["smoke_tests"] == 4
    assert deployed["status"] == "active"
    # What the checks did is undone.
    assert count(shop, "public.visits") == 0


def test_checks_that_fail_undo_the_deploy_and_are_recorded(
    shop: Connection, smoke: Any, stopgap: Run
) -> None:
    outcome = smoke(GOOD.replace('"hello ann"', '"bye ann"'))

    assert why(outcome) == [
        'it answered {"length": 3, "greeting": "hello ann"},'
        ' not {"greeting": "bye ann", "length": 3}'
    ]
    assert count(shop, "pg_namespace where nspname = 'live_deployment'") == 0
    recorded = outcome.error_json["error"]["failed_deployment_id"]
    history = answer(stopgap("deployments", "--output", "json"))["deployments"]
    assert [(each["id"], each["status"]) for each in history] == [(recorded, "failed")]
    assert history[0]["manifest"]["error"]["smoke"][0]["check"] == "greets"


def test_every_check_that_fails_is_told(shop: Connection, smoke: Any) -> None:
    outcome = smoke(
        """
        [[check]]
        call = "greet"
        args = { name = 7 }
        contains = { greeting = "hello 8" }
        [[check]]
        call = "none"
        [[check]]
        sql = "select 1 / 0"
        [[check]]
        sql = "select 1"
        error = "22012"
        [[check]]
        sql = "select false"
        [[check]]
        sql = "select 2 as n"
        expect = 3
        """
    )

    told = why(outcome)
    assert [each.split(":")[0] for each in told[1:3]] == ["42883", "22012"]
    assert told[3:] == [
        "it succeeded, and should have failed with 22012",
        "it answered false",
        "it answered 2, not 3",
    ]


def test_people_read_which_check_failed_and_why(
    shop: Connection, stopgap: Run, tmp_path: Path
) -> None:
    (tmp_path / "s.sql").write_text("select true;\n\nselect 1 = 2;")

    outcome = stopgap("deploy", "--from-schema", "shop", "--smoke", "s.sql")

    assert outcome.exit_code == 16
    assert "error: 1 of 2 smoke tests failed" in outcome.stderr
    assert "select 1 = 2 (line 3): it answered false" in outcome.stderr
    assert "Recorded as deployment" in outcome.stderr


def test_sql_files_and_json_files_do_as_well(shop: Connection, smoke: Any) -> None:
    answer(smoke("do $$ begin perform 1; end $$; values (true);", suffix="sql"))
    answer(smoke('[{"sql": "select 1", "expect": 1}]', suffix="json"))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("-- note\nselect false", "it answered false"),
        ("/* note */ (select false)", "it answered false"),
        ("((select false))", "it answered false"),
        ("with a as (select false as b) table a", "it answered false"),
        ("insert into public.visits values ('x') returning false", "it answered false"),
        ("values (true), (false)", "it answered false in row 2"),
        ("values (true), (null)", "it answered null in row 2, not true"),
        ("select null", "it answered null, not true"),
        ("select null::bool", "it answered null, not true"),
        ("select true where 1 = 2", "it answered no rows, not true"),
        ("select", "it answered {} in 0 columns, not true in one"),
        ("select 1", "it answered 1, not true"),
        ("select 'f'", 'it answered "f", not true'),
        ("show enable_seqscan", 'it answered "on", not true'),
        (
            "select true as a, false as b",
            'it answered {"a": true, "b": false} in 2 columns, not true in one',
        ),
        (
            "select false, true",
            "it answered 2 columns, which must have different names",
        ),
        (
            "select true from generate_series(1, 2000)",
            "it answered more than 1000 rows",
        ),
    ],
)
def test_only_what_answers_true_succeeds(
    shop: Connection, smoke: Any, statement: str, told: str
) -> None:
    assert why(smoke(json.dumps([{"sql": statement}]), suffix="json")) == [told]


@pytest.mark.parametrize(
    "statement",
    [
        "-- note\nselect true",
        "(select true)",
        "values (true), (true)",
        "with a as (insert into public.visits values ('x') returning name)"
        " select name = 'x' from a",
        "insert into public.visits values ('x') returning true",
        "select 'true'::jsonb",
        # These answer nothing: they count as done unless they fail.
        "insert into public.visits values ('x')",
        "do $$ begin assert true; end $$",
        "create temp table mine as select 1 as n",
    ],
)
def test_what_answers_true_or_nothing_at_all_succeeds(
    shop: Connection, smoke: Any, statement: str
) -> None:
    answer(smoke(json.dumps([{"sql": statement}]), suffix="json"))


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ({"sql": "select 1 where false", "expect": []}, None),
        ({"sql": "values (1), (2)", "expect": [1, 2]}, None),
        ({"sql": "values (1), (2)", "expect": 1}, "it answered [1, 2], not 1"),
        ({"sql": "select null", "expect": None}, None),
        (
            {"sql": "select null where false", "expect": None},
            "it answered [], not null",
        ),
        ({"sql": "select true", "expect": 1}, "it answered true, not 1"),
        ({"sql": "select 1 as a, 2 as b", "contains": {"b": 2}}, None),
        (
            {"sql": "create temp table mine()", "expect": 1},
            "it is no statement that answers",
        ),
        ({"call": "no"}, "it answered false"),
        ({"call": "no", "expect": False}, None),
    ],
)
def test_the_answer_is_compared_with_all_of_what_is_expected(
    shop: Connection, smoke: Any, check: dict[str, Any], told: str | None
) -> None:
    write(shop, "no", "export default () => false;")
    outcome = smoke(json.dumps([check]), suffix="json")

    if told is None:
        answer(outcome)
    else:
        assert why(outcome) == [told]


@pytest.mark.parametrize(
    "statement",
    [
        "reset role",
        "set role postgres",
        "set session authorization default",
        "select set_config('role', 'none', false)",
        "commit",
        "rollback",
        "discard all",
        "select stopgap.deploy('x', 'shop')",
        "do $$ begin execute 'reset role'; end $$",
        "alter function pg_temp.stopgap_smoke(text, int) security invoker; reset role",
    ],
)
def test_a_check_cannot_leave_its_role(
    shop: Connection, smoke: Any, statement: str
) -> None:
    # The statement fails by itself; the next one shows that nothing came of it.
    outcome = smoke(f"{statement};\nselect current_user = 'app_user';", suffix="sql")

    told = why(outcome)
    assert len(told) == 1
    assert "answered false" not in told[0]
    assert count(shop, "stopgap.deployment where status <> 'failed'") == 0


def test_a_check_that_replaces_its_runner_wins_nothing(
    shop: Connection, smoke: Any
) -> None:
    outcome = smoke(
        "create or replace function pg_temp.stopgap_smoke(statement text,"
        " max_rows int) returns jsonb language plpgsql as $$ begin reset role;"
        " return to_jsonb(current_user); end $$;\n"
        "select current_user = 'app_user';",
        suffix="sql",
    )

    answer(outcome)


def test_another_role_can_be_named(shop: Connection, smoke: Any) -> None:
    shop.execute("grant usage on schema public to pg_monitor")

    outcome = smoke(
        "select current_user = 'pg_monitor'", "--smoke-role", "pg_monitor", suffix="sql"
    )

    assert answer(outcome)["smoke_tests"] == 1


def test_a_role_that_is_not_there_is_a_refusal(shop: Connection, smoke: Any) -> None:
    outcome = smoke("select 1", "--smoke-role", "nobody here", suffix="sql")

    assert outcome.exit_code == 11
    assert "nobody here" in outcome.error_json["error"]["message"]


@pytest.mark.parametrize(
    ("text", "suffix", "told"),
    [
        ("", "sql", "no checks"),
        ("[[check]]", "toml", 'either "call" or "sql"'),
        ("[[check]]\ncall = 'a'\nsql = 'b'", "toml", 'either "call" or "sql"'),
        ("[[check]]\ncall = ''", "toml", "is empty"),
        ("[[check]]\nsql = ''", "toml", "no statement"),
        ("[[check]]\nsql = '/* a */ -- b'", "toml", "no statement"),
        ("[[check]]\nsql = 'select true; select false'", "toml", "2 statements"),
        ("-- nothing;", "sql", "no checks"),
        ("[[check]]\ncall = 1", "toml", "must be a text"),
        ("[[check]]\ncall = 'a'\nexpects = 1", "toml", "not understood"),
        ("[[check]]\ncall = 'a'\nexpect = 1\nerror = 'x'", "toml", "only one of"),
        ("[[check]]\ncall = 'a'\nargs = { at = 2020-01-01 }", "toml", "no JSON"),
        ("[[check]", "toml", "cannot be read"),
        ("[1]", "json", "not understood"),
        ('{"call": 1}', "json", "list of checks"),
        ("x", "yaml", "no file of smoke tests"),
    ],
)
def test_a_file_that_is_not_understood_is_a_usage_error(
    run: Run, tmp_path: Path, text: str, suffix: str, told: str
) -> None:
    (tmp_path / f"s.{suffix}").write_text(text)

    outcome = run("deploy", "--from-schema", "shop", "--smoke", f"s.{suffix}")

    assert outcome.exit_code == 2
    assert told in outcome.stderr


def test_a_sealed_deployment_has_nothing_live_to_check(
    shop: Connection, smoke: Any
) -> None:
    outcome = smoke(GOOD, "--no-activate")

    assert outcome.exit_code == 2
    assert "sealed" in outcome.error_json["error"]["message"]
    assert count(shop, "stopgap.deployment") == 0


def test_who_may_not_take_the_role_is_told_what_to_grant(
    shop: Connection, smoke: Any, database: str, stopgap: Run
) -> None:
    shop.execute('create role "Ci %s" login in role stopgap_deployer')
    try:
        shop.execute('grant usage on schema shop to "Ci %s"')
        dsn = make_conninfo(database, user="Ci %s")
        outcome = smoke(GOOD, "--db", dsn)

        assert outcome.exit_code == 11
        hint = outcome.error_json["error"]["hint"]
        assert hint == 'As a superuser: grant "app_user" to "Ci %s";'
        shop.execute(hint.removeprefix("As a superuser: ").encode())
        assert smoke(GOOD, "--db", dsn).exit_code == 0
    finally:
        shop.execute('drop owned by "Ci %s"')
        shop.execute('drop role "Ci %s"')


def test_people_are_told_that_a_dry_run_has_no_smoke_tests(
    shop: Connection, stopgap: Run, tmp_path: Path
) -> None:
    (tmp_path / "smoke.sql").write_text("select false")

    outcome = stopgap(
        "deploy", "--from-schema", "shop", "--smoke", "smoke.sql", "--dry-run"
    )

    assert outcome.exit_code == 0
    assert "smoke tests do not run" in outcome.stderr


BAD = GOOD.replace('"hello ann"', '"bye ann"')


@pytest.fixture
def verbs(shop: Connection, stopgap: Run, tmp_path: Path) -> Run:
    """The command line, with something to do for every verb that runs checks."""
    (tmp_path / "good.toml").write_text(GOOD)
    (tmp_path / "bad.toml").write_text(BAD)
    for env in ("staging", "prod", "prod"):
        deploy(stopgap, "--env", env)
        shop.execute("comment on function shop.greet is 'another'")
    stopgap("export", "--env", "staging", "--out", "b.json")
    return stopgap


def active(connection: Connection) -> int:
    row = connection.execute(
        "select active_deployment_id from stopgap.environment where env = 'prod'"
    ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(
    "verb",
    ["promote --from staging --to prod", "import b.json", "activate 2", "rollback"],
)
def test_every_verb_that_activates_can_run_checks(
    shop: Connection, verbs: Run, verb: str
) -> None:
    before = active(shop)

    failed = verbs(*verb.split(), "--smoke", "bad.toml", "--output", "json")

    assert len(why(failed)) == 1
    assert failed.error_json["error"]["hint"] == "nothing was changed"
    assert active(shop) == before
    done = answer(verbs(*verb.split(), "--smoke", "good.toml", "--output", "json"))
    assert done["smoke_tests"] == 4
    assert active(shop) != before
    assert count(shop, "public.visits") == 0


@pytest.mark.parametrize(
    "verb",
    ["promote --from staging --to prod", "import b.json", "activate 2", "rollback"],
)
def test_a_dry_run_runs_no_checks(shop: Connection, verbs: Run, verb: str) -> None:
    before = active(shop)

    planned = verbs(*verb.split(), "--smoke", "bad.toml", "--dry-run")

    assert planned.exit_code == 0
    assert "do not run with --dry-run" in planned.stderr
    assert active(shop) == before


def test_a_sealed_import_has_nothing_to_check(verbs: Run) -> None:
    sealed = verbs("import", "b.json", "--no-activate", "--smoke", "good.toml")

    assert sealed.exit_code == 2


def test_checks_run_against_what_is_live(shop: Connection, verbs: Run) -> None:
    before = active(shop)

    good = verbs("smoke", "good.toml")
    as_json = answer(verbs("smoke", "good.toml", "--output", "json"))
    bad = verbs("smoke", "bad.toml", "--output", "json")

    assert good.stdout == "4 smoke tests succeeded in prod\n"
    assert as_json == {"command": "smoke", "env": "prod", "smoke_tests": 4}
    assert len(why(bad)) == 1
    assert count(shop, "public.visits") == 0
    assert active(shop) == before
    assert count(shop, "stopgap.deployment where status = 'failed'") == 0


def test_where_nothing_is_live_there_is_nothing_to_check(
    shop: Connection, stopgap: Run, tmp_path: Path
) -> None:
    (tmp_path / "good.toml").write_text(GOOD)

    outcome = stopgap("smoke", "good.toml", "--env", "nowhere")

    assert outcome.exit_code == 11
    assert 'environment "nowhere" does not exist' in outcome.stderr
