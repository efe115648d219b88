"""The demo as a newcomer runs it: on a server of its own, from nothing, and again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stopgap.cli.demo_stage import DemoFailed, Stage, environment_for

_STOPGAP = str(Path(sys.executable).parent / "stopgap")


@pytest.fixture(scope="module")
def server_folder() -> Iterator[Path]:
    """A folder for the demo's server, which is stopped in the end."""
    # Not below pytest's own folder, which the account of the server may not enter.
    folder = Path(tempfile.mkdtemp(prefix="stopgap-demo-"))
    folder.chmod(0o755)
    yield folder
    run("down", "--dir", str(folder))
    shutil.rmtree(folder)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_STOPGAP, *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def demo(server_folder: Path) -> Any:
    """What the demo reports when it ends well."""
    result = run("demo", "--dir", str(server_folder), "--output", "json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def said(demo: Any, command: str) -> str:
    """Return what the demo's commands that contain the text have printed."""
    answers = [step["output"] for step in demo["steps"] if command in step["command"]]
    assert answers, f"the demo has no step {command}"
    return "\n".join(answers)


@pytest.mark.slow
def test_it_ends_well(demo: Any) -> None:
    assert demo["command"] == "demo"
    assert demo["database"] == "stopgap_demo"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("stopgap deploy", "version 1"),
        ("stopgap status", "live_deployment"),
        ("stopgap diff", "freeFromCents"),
        ("stopgap rollback", "version 1"),
        ("stopgap deployments", "version 2"),
        ("activation_audit", "rollback"),
        ("load.py broken --keep |", "LINE 12:"),
        ("--label 'version 3'", "TS2322"),
    ],
)
def test_it_shows(demo: Any, command: str, shown: str) -> None:
    assert shown in said(demo, command)


@pytest.mark.slow
def test_it_can_be_run_again_and_prints_what_it_runs(
    demo: Any, server_folder: Path
) -> None:
    result = run("demo", "--dir", str(server_folder))

    assert result.returncode == 0, result.stderr
    assert "$ stopgap deploy --env prod --from-schema shop_src" in result.stdout
    assert "demo=> set role app_user;" in result.stdout


def test_a_command_that_fails_ends_the_demo(tmp_path: Path) -> None:
    stage = Stage(tmp_path, environment_for(), silent=True)

    with pytest.raises(DemoFailed, match="exit code 3 instead of 0"):
        stage.shell("echo no; exit 3")

    assert [step.output for step in stage.steps] == ["no\n"]


def test_a_claim_that_does_not_hold_ends_the_demo(tmp_path: Path) -> None:
    stage = Stage(tmp_path, environment_for(), silent=True)

    with pytest.raises(DemoFailed, match="this does not hold: two is one"):
        stage.check(False, "two is one")


def test_the_commands_run_in_the_folder_and_with_what_was_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Stage(tmp_path, environment_for())

    stage.export("GREETING", "it's me")
    output = stage.shell('echo "$GREETING" && pwd')

    assert output == f"it's me\n{tmp_path}\n"
    assert "$ export GREETING='it'\\''s me'" in capsys.readouterr().out
