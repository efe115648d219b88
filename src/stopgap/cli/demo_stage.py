"""Runs the steps of the demo, shows each as it would be typed, and checks its answer.

A step is a shell command or a statement of one database session. What is printed is
what ran: nothing is shown that the demo did not do, and a wrong answer ends it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.text import Text

from stopgap.errors import StopgapError

PROMPT = "demo=>"


class DemoFailed(StopgapError):
    """The demo got an answer that is not the right one."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the demo ran, and what came of it."""

    part: str
    command: str
    output: str


@dataclass(slots=True)
class Stage:
    """Where the demo happens: the terminal, the folder, the environment of commands.

    With `silent`, nothing is printed, and only the record of the steps remains.
    """

    folder: Path
    environment: dict[str, str]
    silent: bool = False
    steps: list[Step] = field(default_factory=list)
    _console: Console = field(init=False)
    _part: str = field(init=False, default="")
    _parts: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._console = Console(quiet=self.silent, highlight=False)

    def part(self, title: str, explanation: str) -> None:
        """Begin the next part of the demo."""
        self._parts += 1
        self._part = title
        self._console.print()
        self._console.rule(f"[bold]{self._parts}. {title}", align="left")
        self._console.print(explanation, style="dim")

    def note(self, text: str) -> None:
        """Say something between two steps."""
        self._console.print()
        self._console.print(text, style="dim")

    def export(self, name: str, value: str) -> None:
        """Set a variable for the commands that follow."""
        self.environment[name] = value
        self.show(f"$ export {name}={quoted(value)}")

    def shell(self, command: str, *, exit_code: int = 0) -> str:
        """Run a shell command, show what it says, and return that."""
        self.show(f"$ {command}")
        result = self._run(command, _for_terminal(self.environment, self._console))
        self._answer(command, result.stdout)
        if result.returncode != exit_code:
            said = f": {result.stdout.strip()}" if self.silent else ""
            raise DemoFailed(
                f"exit code {result.returncode} instead of {exit_code} "
                f"from `{command}`{said}"
            )
        return result.stdout

    def ask(self, command: str) -> str:
        """Run a shell command that is no step of the demo, and return its answer."""
        result = self._run(command, self.environment)
        if result.returncode != 0:
            raise DemoFailed(f"`{command}` failed: {result.stdout.strip()}")
        return result.stdout

    def statement(self, connection: psycopg.Connection[Any], statement: str) -> Any:
        """Run a statement that returns one value at most, show and return the value.

        Where the database refuses, what it says is shown and the error is returned.
        """
        self.show(f"{PROMPT} {statement};")
        try:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
        except psycopg.Error as error:
            self._answer(statement, _refusal(error))
            return error
        value = row[0] if row else None
        if cursor.description:
            self._answer(statement, f"{json.dumps(value, default=str)}\n")
        else:
            self._answer(statement, f"{cursor.statusmessage}\n")
        return value

    def check(self, holds: bool, what: str) -> None:
        """End the demo unless what it has just claimed is so."""
        if not holds:
            raise DemoFailed(f"this does not hold: {what}")

    def show(self, line: str) -> None:
        """Print a line as it would be typed."""
        self._console.print()
        # Not wrapped: a line must survive being copied.
        self._console.print(Text(line, style="bold cyan"), soft_wrap=True)

    def _run(
        self, command: str, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def _answer(self, command: str, output: str) -> None:
        plain = Text.from_ansi(output).plain
        self.steps.append(Step(part=self._part, command=command, output=plain))
        if not self.silent:
            # As it came: a command's own colours and columns are part of what it shows.
            sys.stdout.write(output)
            sys.stdout.flush()


def _for_terminal(environment: Mapping[str, str], console: Console) -> dict[str, str]:
    """Return the environment in which commands write as they would to the terminal."""
    result = {**environment, "COLUMNS": str(console.width)}
    if console.is_terminal and not console.no_color:
        result["FORCE_COLOR"] = "1"
    return result


def _refusal(error: psycopg.Error) -> str:
    """Return an error as psql prints it."""
    diagnosis = error.diag
    lines = [
        f"{diagnosis.severity}:  {diagnosis.sqlstate}: {diagnosis.message_primary}"
    ]
    for label, text in (
        ("DETAIL", diagnosis.message_detail),
        ("HINT", diagnosis.message_hint),
    ):
        if text:
            lines.append(f"{label}:  {text}")
    return "\n".join(lines) + "\n"


def quoted(value: str) -> str:
    """Return the value as a word of a shell command."""
    return "'" + value.replace("'", "'\\''") + "'"


def environment_for(*folders: Path) -> dict[str, str]:
    """Return this process's environment with the folders in front of its PATH.

    libpq's variables and ours are taken out: they would lead the commands elsewhere.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == "PG_CONFIG" or not name.startswith(("PG", "STOPGAP_"))
    }
    path = [*map(str, folders), os.environ.get("PATH", os.defpath)]
    return {**kept, "PATH": os.pathsep.join(path)}
