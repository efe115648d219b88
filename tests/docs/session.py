"""Reads the parts of a page that can be run: files, console sessions, Python.

A comment in front of a block says what it is: `<!-- run -->` for console blocks,
`<!-- run: python -->`, and `<!-- file: NAME -->` for a file that later blocks use.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    ROOT / "README.md",
    ROOT / "docs" / "guides" / "local-server.md",
    ROOT / "docs" / "guides" / "python-client.md",
    ROOT / "docs" / "guides" / "deployments.md",
    ROOT / "docs" / "guides" / "promotion-and-bundles.md",
    ROOT / "docs" / "guides" / "retention.md",
    ROOT / "docs" / "guides" / "smoke-tests.md",
)
_BLOCK = re.compile(
    r"^<!-- (?P<kind>run|run: python|file: (?P<name>[\w.]+)) -->\n"
    r"```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
# What differs from one run to the next, and from one machine to another.
_VARYING = (
    (re.compile(r"postgresql://\S+?/stopgap"), "<dsn>"),
    (re.compile(r"(?m)^(dir|port|pid)( +).*$"), r"\1\2<varies>"),
    (re.compile(r'"(dir|port|pid)": [^,\n]+'), r'"\1": <varies>'),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00"), "<time>"),
    # How long an artifact is changes with the compiler.
    (re.compile(r'"(lock_wait|compile|ddl|total)": [^,\n]+'), r'"\1": <seconds>'),
    (re.compile(r"\(\d+ bytes\)"), "<bytes>"),
    # An artifact's hash changes with the contract of the runtime.
    (re.compile(r"sha256:[0-9a-f]{12}"), "<hash>"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page that can be run, and where its text is in the page."""

    kind: str
    name: str | None
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a console block, and what the page says it prints."""

    line: str
    output: str


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page that can be run, in order."""
    return [
        Block(
            kind=found["kind"].split(": ")[0] if found["name"] else found["kind"],
            name=found["name"],
            text=found["text"],
            start=found.start("text"),
            end=found.end("text"),
        )
        for found in _BLOCK.finditer(page.read_text())
    ]


def commands(text: str) -> list[Command]:
    """Split a console block into its commands."""
    found: list[Command] = []
    for line in text.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append(Command(line.removeprefix("$ "), ""))
        elif line.startswith("> ") and found and not found[-1].output:
            found[-1] = Command(found[-1].line + line.removeprefix("> "), "")
        else:
            found[-1] = Command(found[-1].line, found[-1].output + line)
    return found


def run(command: Command, folder: Path) -> str:
    """Run a command as the page's reader does, and return all that it prints."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("STOPGAP_", "PG", "DATABASE_URL"))
        or name == "PG_CONFIG"
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-c", command.line],
        cwd=folder,
        env={
            **inherited,
            "PATH": path,
            "COLUMNS": "88",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def settled(output: str) -> str:
    """Return an output without what differs from one run to the next."""
    for pattern, replacement in _VARYING:
        output = pattern.sub(replacement, output)
    return output
