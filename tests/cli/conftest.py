"""The command line as a process of its own, as its users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(sys.executable).parent / "stopgap"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The answer of a command that was told --output json."""
        return json.loads(self.stdout)

    @property
    def error_json(self) -> Any:
        """The error of a command that was told --output json."""
        return json.loads(self.stderr)


Run = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `stopgap` with these arguments, in an empty folder, without our variables."""

    def run_command(*arguments: str, **variables: str) -> Outcome:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("STOPGAP_", "PG", "DATABASE_URL"))
            or name == "PG_CONFIG"
        }
        done = subprocess.run(
            [PROGRAM, *arguments],
            cwd=tmp_path,
            env={**inherited, "COLUMNS": "88", **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run_command
