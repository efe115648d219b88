"""Runs the console blocks of the pages and writes what they print into the pages."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.docs.session import PAGES, Block, blocks, commands, run, settled


def record(page: Path) -> None:
    """Bring the outputs of one page up to date; what only varies stays as it is."""
    folder = Path(tempfile.mkdtemp(prefix="stopgap-docs-"))
    folder.chmod(0o755)
    try:
        found = [(block, _told(block, folder)) for block in blocks(page)]
    finally:
        stopgap = Path(sys.executable).parent / "stopgap"
        subprocess.run([stopgap, "down"], cwd=folder, check=False)
        shutil.rmtree(folder)
    text = page.read_text()
    for block, told in reversed(found):
        text = text[: block.start] + told + text[block.end :]
    page.write_text(text)


def _told(block: Block, folder: Path) -> str:
    if block.name is not None:
        (folder / block.name).write_text(block.text)
    if block.kind != "run":
        return block.text
    told = ""
    for command in commands(block.text):
        output = run(command, folder)
        if settled(output) == settled(command.output):
            output = command.output
        first, *more = command.line.splitlines(keepends=True)
        told += "$ " + first + "".join(f"> {line}" for line in more) + output
    return told


if __name__ == "__main__":
    for each in PAGES:
        record(each)
