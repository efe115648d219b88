"""Promotion, bundles, retention, verification, audit and records, by their verbs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stopgap.cli.provenance import gather
from tests.cli.conftest import Run
from tests.cli.shop import Connection, answer, deploy, shop, stopgap, write
from tests.fixtures.cluster import RunningCluster

__all__ = ["shop", "stopgap"]

BROKEN = "export default (): number => 'text';"


def test_promote_answers_in_json_and_in_words(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap, "--env", "staging", "--label", "v1")
    promote = ("promote", "--from", "staging", "--to", "prod")

    promoted = answer(stopgap(*promote, "--output", "json"))
    assert promoted.pop("seconds")["total"] > 0
    assert promoted == {
        "command": "promote",
        "from_env": "staging",
        "to_env": "prod",
        "deployment_id": 2,
        "status": "active",
        "changed": True,
        "smoke_tests": None,
        "dry_run": False,
        "skipped": [],
        "hand_edits": [],
    }
    again = stopgap(*promote, "--if-changed")
    assert again.stdout == 'Nothing changed: prod runs deployment 2 "v1" already\n'
    done = stopgap(*promote, "--label", "v2")
    assert done.stdout.startswith(
        'Promoted staging to prod: deployment 3 "v2", 1 function\n'
    )


def test_a_bundle_is_carried_to_another_database(
    shop: Connection, stopgap: Run, cluster: RunningCluster, tmp_path: Path
) -> None:
    deploy(stopgap, "--label", "v1")
    for command in (
        "openssl genpkey -algorithm ed25519 -out key.pem",
        "openssl pkey -in key.pem -pubout -out key.pub",
    ):
        subprocess.run(command.split(), cwd=tmp_path, check=True)
    exported = answer(
        stopgap(
            "export", "--out", "b.json", "--sign-key", "key.pem", "--output", "json"
        )
    )
    assert exported["deployment_id"] == 1
    assert exported["signed"] is True

    name = cluster.clone()
    try:
        there = {"STOPGAP_DB": cluster.dsn(name)}
        imported = answer(
            stopgap(
                "import",
                "b.json",
                "--verify-key",
                "key.pub",
                "--output",
                "json",
                **there,
            )
        )
        assert imported.pop("seconds")["total"] > 0
        assert imported == {
            "command": "import",
            "env": "prod",
            "file": "b.json",
            "deployment_id": 1,
            "status": "active",
            "changed": True,
            "verified": True,
            "differences": [],
            "smoke_tests": None,
            "dry_run": False,
            "skipped": [],
            "hand_edits": [],
        }
        sealed = stopgap("import", "b.json", "--no-activate", **there)
        assert sealed.stdout.startswith("Sealed b.json for prod: deployment 2")
        (tmp_path / "b.json").write_bytes((tmp_path / "b.json").read_bytes()[:-9])
        damaged = stopgap("import", "b.json", **there)
        assert damaged.exit_code == 17
        assert "is no JSON" in damaged.stderr
    finally:
        cluster.drop(name)


def test_gc_says_what_it_removed(shop: Connection, stopgap: Run) -> None:
    for code in ("1", "2", "3"):
        write(shop, "greet", f"export default () => {code};")
        deploy(stopgap)

    would = stopgap("gc", "--keep", "1", "--grace", "0", "--dry-run")
    done = answer(stopgap("gc", "--keep", "1", "--grace", "0", "--output", "json"))

    assert "Would remove 2 deployments and " in would.stdout
    assert done["command"] == "gc"
    assert [each["id"] for each in done["deployments"]] == [2, 1]
    assert len(done["artifacts"]) >= 2
    assert stopgap("gc", "--older-than", "soon").exit_code == 11


def test_verify_exits_3_when_something_is_wrong(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap)
    whole = stopgap("verify")
    shop.execute("drop function live_deployment.greet(jsonb)")
    damaged = stopgap("verify", "--output", "json")

    assert whole.exit_code == 0
    assert whole.stdout.startswith("Nothing is wrong (")
    assert ", 1 environment)" in whole.stdout
    assert damaged.exit_code == 3
    assert damaged.json["ok"] is False
    assert "dropped by hand" in stopgap("verify", "--env", "prod").stdout


def test_the_audit_tells_who_made_what_active(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap, "--label", "v1", "--message", "first")
    deploy(stopgap)
    stopgap("rollback")

    entries = answer(stopgap("audit", "--output", "json"))["entries"]
    assert [each["action"] for each in entries] == ["rollback", "deploy", "deploy"]
    assert entries[0]["to_label"] == "v1"
    assert entries[0]["to_provenance"]["message"] == "first"
    assert entries[0]["activated_as"] == "postgres"
    limited = answer(
        stopgap("audit", "--limit", "1", "--before", "3", "--output", "json")
    )
    assert [each["activation_id"] for each in limited["entries"]] == [2]
    assert "rollback" in stopgap("audit", "--env", "prod").stdout


def test_after_restore_says_what_it_did(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap)
    shop.execute("alter function live_deployment.greet(jsonb) owner to postgres")

    done = answer(stopgap("after-restore", "--output", "json"))

    assert done["functions"] == ["live_deployment.greet"]
    assert "0 functions given" in stopgap("after-restore").stdout


def test_deployments_come_in_pages(shop: Connection, stopgap: Run) -> None:
    for _ in range(3):
        deploy(stopgap)

    page = answer(
        stopgap("deployments", "--limit", "1", "--before", "3", "--output", "json")
    )

    assert [each["id"] for each in page["deployments"]] == [2]


def test_a_deploy_that_fails_is_recorded(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap)
    shop.execute("set check_function_bodies = off")
    write(shop, "broken", BROKEN)

    failed = stopgap(
        "deploy", "--from-schema", "shop", "--label", "v2", "--output", "json"
    )

    assert failed.exit_code == 11
    recorded = failed.error_json["error"]["failed_deployment_id"]
    history = answer(stopgap("deployments", "--output", "json"))["deployments"]
    assert [(each["id"], each["status"]) for each in history] == [
        (recorded, "failed"),
        (1, "active"),
    ]
    error = history[0]["manifest"]["error"]
    assert error["sqlstate"] == "SG108"
    assert error["diagnostics"][0]["fn_name"] == "broken"
    assert history[0]["label"] == "v2"


def test_an_import_that_fails_is_recorded(shop: Connection, stopgap: Run) -> None:
    deploy(stopgap, "--label", "v1")
    stopgap("export", "--out", "b.json")
    write(shop, "greet", "export default () => 2;")
    deploy(stopgap)
    shop.execute("alter function live_deployment.greet(jsonb) owner to postgres")

    failed = stopgap("import", "b.json", "--message", "go back", "--output", "json")

    assert failed.exit_code == 11
    recorded = failed.error_json["error"]["failed_deployment_id"]
    newest = answer(stopgap("deployments", "--output", "json"))["deployments"][0]
    assert (newest["id"], newest["status"]) == (recorded, "failed")
    assert (newest["label"], newest["source_schema"]) == ("v1", "shop")
    assert (
        newest["manifest"]["error"]["sqlstate"]
        == failed.error_json["error"]["sqlstate"]
    )
    assert newest["provenance"]["message"] == "go back"


def test_a_bundle_without_a_schema_is_refused_and_leaves_no_record(
    shop: Connection, stopgap: Run, tmp_path: Path
) -> None:
    (tmp_path / "b.json").write_text('{"format": "stopgap.bundle", "deployment": 1}')

    failed = stopgap("import", "b.json", "--output", "json")

    assert failed.exit_code == 17
    assert failed.error_json["error"]["failed_deployment_id"] is None


def test_who_may_not_deploy_leaves_no_record(
    shop: Connection, run: Run, database: str
) -> None:
    shop.execute("create role outsider login")
    try:
        dsn = database.replace("postgres@", "outsider@").replace(
            "user=postgres", "user=outsider"
        )
        failed = run(
            "deploy", "--from-schema", "shop", "--output", "json", STOPGAP_DB=dsn
        )
        assert failed.exit_code == 11
        assert failed.error_json["error"]["failed_deployment_id"] is None
    finally:
        shop.execute("drop role outsider")


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    done = subprocess.run(
        ["git", *identity, *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_provenance_is_what_git_says(
    shop: Connection, stopgap: Run, tmp_path: Path
) -> None:
    git(tmp_path, "init", "-b", "main")
    (tmp_path / "f").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    commit = git(tmp_path, "rev-parse", "HEAD")
    clean = gather("why", variables={}, folder=tmp_path)
    (tmp_path / "f").write_text("2")

    assert clean == {
        "git_commit": commit,
        "git_branch": "main",
        "git_dirty": False,
        "message": "why",
    }
    assert gather(None, variables={}, folder=tmp_path)["git_dirty"] is True
    assert gather("m", no_provenance=True, variables={}, folder=tmp_path) == {
        "message": "m"
    }
    deploy(stopgap, "--sources", ".")
    found = answer(stopgap("status", "--output", "json"))["status"]
    assert found["active_deployment"]["provenance"]["git_commit"] == commit
    assert f"{commit[:10]}+" in stopgap("deployments").stdout


def test_the_folder_is_not_taken_for_the_sources_of_a_schema(
    shop: Connection, stopgap: Run, tmp_path: Path
) -> None:
    def recorded(env: str = "prod") -> Any:
        found = answer(stopgap("status", "--env", env, "--output", "json"))["status"]
        said = found["active_deployment"]["provenance"]
        return {key: said[key] for key in said if key.startswith(("git", "ci"))}

    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "f").write_text("1")
    git(tmp_path, "init", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    # Not of the sources, which are as they were committed.
    (tmp_path / "other").write_text("2")
    commit = git(tmp_path, "rev-parse", "HEAD")
    job = {"CIRCLECI": "true", "CIRCLE_SHA1": "abc"}

    stopgap("deploy", "--from-schema", "shop", **job)
    assert recorded() == {"ci": "circleci"}
    deploy(stopgap, "--sources", "src")
    told = {"git_commit": commit, "git_branch": "main", "git_dirty": False}
    assert recorded() == told
    answer(stopgap("promote", "--from", "prod", "--to", "there", "--output", "json"))
    assert recorded("there") == told
    stopgap("export", "--out", "b.json")
    answer(stopgap("import", "b.json", "--env", "else", "--output", "json"))
    assert recorded("else") == told


@pytest.mark.parametrize(
    "options", [["none"], ["."], [".", "--no-provenance"]], ids=str
)
def test_sources_that_say_no_commit_are_a_usage_error(
    run: Run, options: list[str]
) -> None:
    outcome = run("deploy", "--from-schema", "shop", "--sources", *options)

    assert outcome.exit_code == 2


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "a/b",
                "GITHUB_RUN_ID": "7",
                "GITHUB_SHA": "abc",
                "GITHUB_HEAD_REF": "",
                "GITHUB_REF_NAME": "main",
            },
            {
                "ci": "github",
                "ci_url": "https://github.com/a/b/actions/runs/7",
                "git_commit": "abc",
                "git_branch": "main",
            },
        ),
        (
            {"GITLAB_CI": "true", "CI_JOB_URL": "https://gl/1", "CI_COMMIT_SHA": "d"},
            {"ci": "gitlab", "ci_url": "https://gl/1", "git_commit": "d"},
        ),
        ({"JENKINS_URL": "https://j"}, {"ci": "jenkins"}),
        ({}, {}),
    ],
)
def test_provenance_is_what_the_ci_says(
    tmp_path: Path, variables: dict[str, str], told: dict[str, str]
) -> None:
    assert gather(None, variables=variables, folder=tmp_path) == told


def test_exports_that_cannot_be_written_are_usage_errors(
    shop: Connection, stopgap: Run
) -> None:
    deploy(stopgap)

    outcome = stopgap("export", "--out", "no/where/b.json", "--output", "json")

    assert outcome.exit_code == 2
    assert "cannot write" in json.loads(outcome.stderr)["error"]["message"]


def test_exported_bundle_goes_through_standard_output(
    shop: Connection, stopgap: Run
) -> None:
    deploy(stopgap)

    for name in ("-", "/dev/stdout"):
        outcome = stopgap("export", "--out", name)

        assert outcome.exit_code == 0, outcome.stderr
        assert json.loads(outcome.stdout)["format"] == "stopgap.bundle"
        assert "Wrote deployment" in outcome.stderr
    mixed = stopgap("export", "--out", "-", "--output", "json")
    assert mixed.exit_code == 2
    assert "cannot both go to standard output" in mixed.error_json["error"]["message"]
