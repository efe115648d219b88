"""What the documentation shows is what happens, and what it links to is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.docs.session import PAGES, ROOT, blocks, commands, run, settled

Connection = psycopg.Connection[Any]
ALL_PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder, in which the page's reader works."""
    made = Path(tempfile.mkdtemp(prefix="stopgap-docs-"))
    made.chmod(0o755)
    yield made
    stopgap = Path(sys.executable).parent / "stopgap"
    subprocess.run([stopgap, "down"], cwd=made, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(made)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_shows_what_its_commands_print(page: Path, folder: Path) -> None:
    for block in blocks(page):
        if block.name is not None:
            (folder / block.name).write_text(block.text)
        if block.kind != "run":
            continue
        for command in commands(block.text):
            assert settled(run(command, folder)) == settled(command.output)


def test_the_python_of_the_client_page_runs(
    connection: Connection, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    connection.execute("create schema app")
    connection.execute(
        "create function app.one(args jsonb) returns jsonb language plts"
        " as 'export default () => 1'"
    )
    names = {"DSN": database}

    for block in blocks(ROOT / "docs" / "guides" / "python-client.md"):
        exec(block.text, names)

    assert capsys.readouterr().out.splitlines() == [
        "from Python 1",
        "True",
        "active ['one']",
        "SG204",
    ]


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_make_targets_in_the_pages_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^(\w+):", makefile, re.MULTILINE))

    assert set(re.findall(r"\bmake ([a-z]+)\b`", page.read_text())) <= targets
