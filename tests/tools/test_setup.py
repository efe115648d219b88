"""The set-up: packages as root or through sudo, V8, and nothing done twice."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import setup_v8
import system_packages

ROOT = Path(__file__).resolve().parents[2]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make as somebody who types it, whatever make runs the tests."""
    environment = {
        name: value for name, value in os.environ.items() if "MAKE" not in name
    }
    return subprocess.run(
        ["make", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_root_needs_no_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    command = system_packages.as_root(["apt-get", "update"])

    assert command[0] == "env"
    assert command[-2:] == ["apt-get", "update"]


def test_others_go_through_sudo_which_does_not_wait_for_a_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sudo").write_text("#!/bin/sh\n")
    (tmp_path / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    command = system_packages.as_root(["apt-get", "update"])

    assert command[:2] == ["sudo", "--non-interactive"]


def test_without_sudo_it_says_what_root_should_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(system_packages.PackageError, match="apt-get update"):
        system_packages.as_root(["apt-get", "update"])


def test_only_what_is_missing_gets_installed() -> None:
    packages = ["dpkg", "a-package-that-is-not-there"]

    assert system_packages.missing(packages) == ["a-package-that-is-not-there"]


def test_v8_can_be_somewhere_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(setup_v8, "ROOT", tmp_path)
    monkeypatch.setattr(setup_v8, "MAKEFILE", tmp_path / "v8.mk")
    monkeypatch.setenv("V8_CPPFLAGS", "-I/opt/v8")
    monkeypatch.setenv("V8_LIBS", "-L/opt/v8 -lv8")

    assert setup_v8.main() == 0

    written = (tmp_path / "v8.mk").read_text()
    assert "V8_CPPFLAGS ?= -I/opt/v8\n" in written
    assert "V8_LIBS ?= -L/opt/v8 -lv8\n" in written


def test_what_was_found_is_there() -> None:
    written = (ROOT / "build" / "v8.mk").read_text()

    headers = re.search(r"V8_CPPFLAGS \?= -I(\S+)", written)
    shipped = re.search(r"V8_SHIP \?= (\S*)", written)
    assert headers is not None
    assert shipped is not None
    assert (Path(headers[1]) / "v8.h").is_file()
    assert not shipped[1] or Path(shipped[1]).is_file()


@pytest.mark.slow
def test_building_again_does_nothing() -> None:
    assert make("build").returncode == 0
    stamp = (ROOT / "build" / "stage" / ".stamp").stat().st_mtime_ns

    assert make("--question", "build").returncode == 0
    assert make("build").returncode == 0

    assert (ROOT / "build" / "stage" / ".stamp").stat().st_mtime_ns == stamp


def test_continuous_integration_runs_what_people_run() -> None:
    script = ROOT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert "exec make test" in script.read_text()
