"""A crash of a server process is reported as the failure of the test that caused it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CRASHED = re.compile(r"(FAILED|ERROR) ::\w+ - tests.fixtures.crash.ServerCrash")
CRASHING_TESTS = """
import os, signal
import psycopg, pytest

def crash(connection):
    pid = connection.info.backend_pid
    os.kill(pid, signal.SIGSEGV)

def test_that_meets_the_crash(connection):
    crash(connection)
    connection.execute("select 1")

def test_that_hides_the_crash(connection):
    crash(connection)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("select 1")

def test_that_loses_only_its_session(connection, connect):
    victim = connection.info.backend_pid
    connect().execute("select pg_terminate_backend(%s, 5000)", [victim])
    with pytest.raises(psycopg.OperationalError):
        connection.execute("select 1")

def test_that_comes_after(connection):
    assert connection.execute("select 1").fetchone() == (1,)
"""


def test_the_test_that_crashed_is_named_and_the_others_pass(tmp_path: Path) -> None:
    file = tmp_path / "test_crashing.py"
    file.write_text(CRASHING_TESTS)
    config = ["--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml")]
    plugins = ["-p", "no:randomly", "-p", "no:cacheprovider", "-p", "tests.conftest"]

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *config, *plugins, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    told = list(filter(CRASHED.match, run.stdout.splitlines()))
    assert len(told) == 2, run.stdout + run.stderr
    assert any(line.startswith("FAILED ::test_that_meets_the_crash ") for line in told)
    # It may have passed by the time that the postmaster sees the crash.
    assert any("::test_that_hides_the_crash " in line for line in told)
    assert "was terminated by signal 11" in run.stdout
    assert "::test_that_loses_only_its_session" not in run.stdout
    assert "::test_that_comes_after" not in run.stdout
