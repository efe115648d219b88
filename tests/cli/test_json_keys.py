"""The keys of each command's JSON are those that its reference lists."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.conftest import Run
from tests.cli.shop import Connection, answer, shop, stopgap

__all__ = ["shop", "stopgap"]

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
# What they take besides --output json, in an order in which each can succeed.
COMMANDS = {
    "plan": ["--from-schema", "shop"],
    "deploy": ["--from-schema", "shop", "--label", "v1"],
    "status": [],
    "deployments": [],
    "diff": ["--from-schema", "shop"],
    "promote": ["--from", "prod", "--to", "staging"],
    "export": ["--out", "bundle.json"],
    "import": ["bundle.json"],
    "rollback": [],
    "activate": ["1"],
    "repair": [],
    "smoke": ["smoke.sql"],
    "audit": [],
    "gc": [],
    "verify": [],
    "after-restore": [],
}
DRY_RUNS = {
    "deploy": ["--from-schema", "shop"],
    "rollback": [],
    "activate": ["3"],
    "repair": [],
    "promote": ["--from", "prod", "--to", "staging"],
    "import": ["bundle.json"],
}
# Those of the local server are not of a database, and tests/server runs them.
OTHERS = {"up", "down", "demo"}
OF_A_FUNCTION = {"gc", "verify", "after-restore"}
# Of no environment, of several, or of all.
WITHOUT_ENV = {"promote", "audit", "gc", "verify", "after-restore"}


def documented() -> dict[str, set[str]]:
    """Return the table of keys, by command."""
    text = REFERENCE.read_text()
    rows = re.findall(r"^\| (`.*?) \| (.*) \|$", text[text.index("## JSON") :], re.M)
    return {
        command: set(re.findall(r"`(\w+)`", keys))
        for commands, keys in rows
        for command in re.findall(r"`([\w-]+)`", commands)
    }


def given(stopgap: Run, command: str, *arguments: str) -> set[str]:
    """Return the keys of the answer, without those that all of them have."""
    found = answer(stopgap(command, *arguments, "--output", "json"))
    assert found["command"] == command
    assert command in WITHOUT_ENV or "env" in found
    return set(found) - {"command", "env"}


def test_every_command_gives_the_keys_that_are_documented(
    shop: Connection, stopgap: Run, tmp_path: Path
) -> None:
    (tmp_path / "smoke.sql").write_text("select true")
    table = documented()
    assert table.keys() == COMMANDS.keys() | OTHERS

    for command, arguments in COMMANDS.items():
        keys = given(stopgap, command, *arguments)
        assert keys == table[command] or command in OF_A_FUNCTION, command


def test_every_dry_run_gives_the_keys_that_are_documented(
    shop: Connection, stopgap: Run
) -> None:
    table = documented()
    for _ in range(3):
        given(stopgap, "deploy", *COMMANDS["deploy"])
    given(stopgap, "export", *COMMANDS["export"])

    for command, arguments in DRY_RUNS.items():
        keys = given(stopgap, command, *arguments, "--dry-run")
        # A repair's dry run answers as the repair does.
        extra = set() if command == "repair" else {"plan"}
        assert keys == table[command] | extra, command
