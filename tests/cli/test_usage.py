"""What the command line says without, or before, any database."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from generate_cli_reference import REFERENCE

import stopgap
from tests.cli.conftest import PROGRAM, Run

VERBS = re.findall(r"^  ([a-z-]+)  ", REFERENCE.read_text().split("```")[1], re.M)


def test_without_a_verb_it_shows_its_help(run: Run) -> None:
    outcome = run()

    assert outcome.exit_code == 0
    assert outcome.stdout.startswith("Usage: stopgap")


def test_every_verb_and_every_option_has_help(run: Run) -> None:
    for verb in VERBS:
        outcome = run(verb, "--help")

        assert outcome.exit_code == 0
        assert verb in run("--help").stdout
        listed = outcome.stdout.partition("Options:")[2].splitlines()
        options = [line for line in listed if line.startswith("  --")]
        assert all(len(line.split("  ")) > 2 for line in options), options


def test_it_knows_its_version(run: Run) -> None:
    assert run("--version").stdout == f"stopgap {stopgap.__version__}\n"


def test_an_unknown_verb_is_a_usage_error(run: Run) -> None:
    outcome = run("deplow")

    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("error: ")
    assert outcome.stdout == ""


def test_a_missing_option_is_a_usage_error_in_json_too(run: Run) -> None:
    outcome = run("deploy", "--output", "json")

    assert outcome.exit_code == 2
    assert outcome.error_json["command"] == "deploy"
    assert outcome.error_json["exit_code"] == 2
    assert "--from-schema" in outcome.error_json["error"]["message"]


def test_the_output_can_be_chosen_by_a_variable(run: Run) -> None:
    outcome = run("deploy", STOPGAP_OUTPUT="json")

    assert outcome.error_json["exit_code"] == 2


def test_without_any_database_it_says_how_to_name_one(run: Run) -> None:
    outcome = run("status")

    assert outcome.exit_code == 2
    assert "hint: give --db, set STOPGAP_DB, or run `stopgap up`" in outcome.stderr


def test_a_string_that_is_no_dsn_is_a_usage_error(run: Run) -> None:
    outcome = run("status", "--db", "no dsn")

    assert outcome.exit_code == 2
    assert "connection string" in outcome.stderr


def test_a_server_that_is_not_there_is_a_connection_error(run: Run) -> None:
    outcome = run("status", "--output=json", STOPGAP_DB="host=/nowhere")

    assert outcome.exit_code == 10
    assert outcome.error_json["error"]["kind"] == "ConnectionFailed"


def test_output_that_cannot_be_written_has_its_exit_code(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [PROGRAM, "down", "--output", "json"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 13
    assert "No space left" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "activate {id}",
        "deployments --before {id}",
        "diff --deployment {id}",
        "diff --against {id}",
        "export --out x --deployment {id}",
        "rollback --to {id}",
        "rollback --steps {id}",
        "audit --before {id}",
    ],
)
def test_a_number_that_is_no_id_is_a_usage_error(run: Run, command: str) -> None:
    outcome = run(*command.format(id=2**63).split())

    assert outcome.exit_code == 2
    assert "out of range" in outcome.stderr


def test_a_folder_that_is_named_wins_over_the_variable(run: Run) -> None:
    outcome = run("psql", "--dir", "none", STOPGAP_DB="host=/nowhere")

    assert outcome.exit_code == 2
    assert "no local server runs in none" in outcome.stderr
    assert "hint: run `stopgap up --dir none`" in outcome.stderr


@pytest.mark.parametrize(
    "command",
    ["audit", "deployments --output json", "deployments", "--help", "--version"],
)
@pytest.mark.parametrize("takes_errors", [True, False])
def test_a_reader_that_went_away_is_output_that_could_not_be_written(
    database: str, tmp_path: Path, command: str, takes_errors: bool
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [PROGRAM, *command.split()],
            cwd=tmp_path,
            env={**os.environ, "STOPGAP_DB": database},
            stdout=writer,
            stderr=subprocess.PIPE if takes_errors else writer,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)

    assert done.returncode == 13
    if takes_errors:
        assert "cannot write the output: Broken pipe" in done.stderr
        assert "Traceback" not in done.stderr
