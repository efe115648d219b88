"""Which database a command is about, and how hints repeat what named it."""

from __future__ import annotations

import ast
import inspect
import json
import re
import socket
import subprocess
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from stopgap.cli.app import _VERBS
from stopgap.cli.wording import as_commands
from tests.cli.conftest import PROGRAM, Run
from tests.cli.shop import Connection, deploy, shop, stopgap

__all__ = ["shop", "stopgap"]

SOURCES = Path(inspect.getfile(as_commands)).parents[1]
NOWHERE = "host=/nowhere"
URL = "postgresql:///x?host=/nowhere"


def test_the_environment_names_the_database_in_the_order_that_is_documented(
    shop: Connection, stopgap: Run, run: Run, database: str
) -> None:
    deploy(stopgap)
    parts = conninfo_to_dict(database)
    libpq = {
        "PGHOST": str(parts["host"]),
        "PGPORT": str(parts["port"]),
        "PGUSER": str(parts["user"]),
        "PGDATABASE": str(parts["dbname"]),
    }
    there = {"STOPGAP_DB": database}
    url = {"DATABASE_URL": database}
    other = {"DATABASE_URL": URL}

    for options, variables in (
        (["--db", database], {"STOPGAP_DB": NOWHERE, **other}),
        ([], {**there, **other, "PGHOST": "/nowhere"}),
        ([], {**url, "PGHOST": "/nowhere"}),
        ([], libpq),
        ([], {**libpq, "DATABASE_URL": "sqlite:///x", "STOPGAP_DB": ""}),
    ):
        outcome = run("status", *options, **variables)
        assert outcome.exit_code == 0, outcome.stderr
        assert "deployment   1" in outcome.stdout


def test_a_service_of_libpq_names_the_database(
    shop: Connection, stopgap: Run, run: Run, database: str, tmp_path: Path
) -> None:
    deploy(stopgap)
    parts = conninfo_to_dict(database)
    lines = [f"{key}={value}" for key, value in parts.items()]
    (tmp_path / "services").write_text("\n".join(["[shop]", *lines, ""]))
    service = {"PGSERVICEFILE": str(tmp_path / "services"), "PGSERVICE": "shop"}

    assert run("status", **service).exit_code == 0
    assert run("psql", "--", "-Atc", "select 1", **service).stdout == "1\n"


@pytest.mark.parametrize(
    ("variables", "source"),
    [
        ({"STOPGAP_DB": NOWHERE}, "STOPGAP_DB"),
        ({"DATABASE_URL": URL}, "DATABASE_URL"),
        ({"PGHOST": "/nowhere", "PGPORT": "1"}, "PGHOST and PGPORT"),
    ],
)
def test_who_cannot_connect_is_told_what_named_the_database(
    run: Run, variables: dict[str, str], source: str
) -> None:
    outcome = run("status", **variables)

    assert outcome.exit_code == 10
    assert f"hint: the database is that of {source}\n" in outcome.stderr


@pytest.mark.parametrize(
    ("options", "variables", "told"),
    [
        (["--db", ""], {}, "--db is empty"),
        (["--db", URL, "--dir", "x"], {}, "both name a database"),
        ([], {"DATABASE_URL": "postgresql+psycopg://h/x"}, "postgresql+psycopg:"),
    ],
)
def test_what_names_no_database_is_a_usage_error(
    run: Run, options: list[str], variables: dict[str, str], told: str
) -> None:
    outcome = run("status", *options, **variables)

    assert outcome.exit_code == 2
    assert told in outcome.stderr


def test_every_verb_that_takes_a_database_takes_a_folder() -> None:
    for verb in _VERBS.values():
        parameters = inspect.signature(verb).parameters
        assert "db" not in parameters or "directory" in parameters, verb


def test_the_commands_proposed_repeat_what_named_the_database(
    shop: Connection, run: Run, database: str
) -> None:
    there = ("--db", database)
    run("deploy", "--from-schema", "shop", *there)
    shop.execute("comment on function shop.greet is 'x'")
    told = run("deploy", "--from-schema", "shop", *there)

    assert f"To undo: stopgap rollback --env prod --db {database}\n" in told.stdout


def test_a_password_is_not_repeated(shop: Connection, run: Run, database: str) -> None:
    dsn = make_conninfo(database, password="secret")
    run("deploy", "--from-schema", "shop", "--db", dsn)
    shop.execute("comment on function shop.greet is 'x'")
    told = run("deploy", "--from-schema", "shop", "--db", dsn)

    assert " --db " in told.stdout
    assert "secret" not in told.stdout


@pytest.mark.parametrize(
    ("sql", "command"),
    [
        (
            "stopgap.deployments('prod') lists what there is.",
            "`stopgap deployments --env prod` lists what there is.",
        ),
        (
            "to go forward: stopgap.activate('it''s (a)', 5).",
            "to go forward: `stopgap activate --env 'it'\"'\"'s (a)' 5`.",
        ),
        (
            "As a superuser: select stopgap.after_restore();",
            "As a superuser: `stopgap after-restore`",
        ),
        ("select stopgap.repair( E'a\\\\b');", "`stopgap repair --env 'a\\b'`"),
        (
            "To drop them all, use the option allow_empty (--allow-empty).",
            "To drop them all, say --allow-empty.",
        ),
        ("set stopgap.prune = on", "set stopgap.prune = on"),
    ],
)
def test_hints_in_sql_become_commands(sql: str, command: str) -> None:
    assert as_commands(sql) == command


def test_no_hint_of_the_engine_stays_sql() -> None:
    texts = [
        text
        for file in sorted((SOURCES / "engine").rglob("*.py"))
        for text in _texts(ast.parse(file.read_text()))
    ]
    # As they stand in the source, the values between their parts left out.
    calls = [each for each in texts if re.search(r"stopgap\.\w+\(\w*\)", each)]

    assert len(calls) >= 5
    for each in calls:
        assert "stopgap." not in as_commands(each).replace("stopgap.live", ""), each


def _texts(tree: ast.Module) -> list[str]:
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documented
    ]


def test_hints_of_refusals_are_commands(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap)

    outcome = stopgap("rollback", "--to", "77", "--output", "json")

    assert "`stopgap deployments --env prod`" in outcome.error_json["error"]["hint"]


def test_what_people_made_themselves_can_be_accepted(
    shop: Connection, stopgap: Run
) -> None:
    deploy(stopgap)
    shop.execute("create function live_deployment.own() returns int return 1")

    refused = stopgap("verify", "--output", "json")
    accepted = stopgap("verify", "--allow-added", "--output", "json")
    told = stopgap("verify", "--allow-added")
    shop.execute("alter function live_deployment.greet strict")
    changed = stopgap("verify", "--allow-added", "--output", "json")

    assert refused.exit_code == 3
    assert (accepted.exit_code, accepted.json["ok"]) == (0, True)
    assert [each["fn_name"] for each in accepted.json["accepted"]] == [
        "live_deployment.own()"
    ]
    assert "Accepted, since people made them: live_deployment.own()" in told.stdout
    assert changed.exit_code == 3
    assert [each["fn_name"] for each in changed.json["findings"]] == ["greet"]


def test_the_status_of_an_unknown_environment_is_refused(
    shop: Connection, stopgap: Run
) -> None:
    deploy(stopgap)

    told = stopgap("status", "--env", "nowhere", "--output", "json")
    elsewhere = stopgap("rollback", "--env", "nowhere", "--output", "json")

    assert told.exit_code == elsewhere.exit_code == 11
    assert told.error_json["error"]["sqlstate"] == "SG202"
    assert elsewhere.error_json["error"]["sqlstate"] == "SG202"


def test_times_say_their_zone(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap)

    for verb in ("status", "deployments", "audit"):
        told = stopgap(verb, TZ="Asia/Kolkata").stdout
        assert re.search(r"\d\d:\d\d:\d\d\+05:30", told), told


@pytest.mark.parametrize("redirections", [">&-", ">&- <&-", ">&- 2>&- <&-"])
def test_an_output_that_is_closed_ends_a_command_before_it_begins(
    shop: Connection, database: str, redirections: str
) -> None:
    command = f"{PROGRAM} deploy --from-schema shop --db '{database}' --output json"
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} {redirections}"],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert done.returncode == 13
    if "2>&-" not in redirections:
        assert json.loads(done.stderr)["error"]["kind"] == "OutputFailed"
    found = shop.execute("select count(*) from stopgap.deployment").fetchone()
    assert found == (0,)


def test_a_port_in_use_is_said_to_be(run: Run) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        outcome = run("up", "--port", port, "--dir", "s")

    assert outcome.exit_code == 1
    assert f"port {port} is in use" in outcome.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_it_prints_what_completes_it(run: Run, shell: str) -> None:
    assert "_STOPGAP_COMPLETE" in run("completion", shell).stdout


def test_verbs_and_options_are_completed(run: Run) -> None:
    def completed(words: str, number: int) -> list[str]:
        return run(
            _STOPGAP_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(number)
        ).stdout.split()

    assert completed("stopgap dep", 1) == ["deploy", "deployments"]
    assert completed("stopgap deploy --from", 2) == ["--from-schema"]


def test_help_has_its_short_name(run: Run) -> None:
    assert run("deploy", "-h").stdout == run("deploy", "--help").stdout
