"""The previous release, 0.1.0, from the repository's history: engine and package."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

from stopgap.server import Tree
from tests.stopgap.schema import Connection

VERSION = "0.1.0"
_COMMIT = "a292f10"
_CHECKOUT = Path(__file__).resolve().parents[2]
_MAIN = "import sys; from stopgap.cli import main; main(sys.argv[1:])"

# Runs the previous command line against a database; returns what it wrote.
Run = Callable[..., str]


@pytest.fixture(scope="module")
def previous_package(
    tmp_path_factory: pytest.TempPathFactory, tree: Tree
) -> Iterator[Path]:
    """The folder of the previous package; its engine is installed beside ours."""
    command = ["git", "archive", "--format=tar", _COMMIT, "src/stopgap"]
    done = subprocess.run(command, cwd=_CHECKOUT, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"needs the repository's history: {done.stderr.decode().strip()}")
    folder = tmp_path_factory.mktemp("previous")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    package = folder / "src"
    engine = tree.lib / f"stopgap-{VERSION}" / "engine"
    superseded = shutil.copytree(engine, folder / "superseded")
    # In the place of what tells that catalog to be updated.
    shutil.rmtree(engine)
    shutil.copytree(package / "stopgap" / "engine", engine)
    # The server's account need not be ours.
    for path in [engine.parent, engine, *engine.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    yield package
    shutil.rmtree(engine)
    shutil.copytree(superseded, engine)


@pytest.fixture
def run_previous(previous_package: Path, tmp_path: Path) -> Run:
    """Run `stopgap` of the previous release; it must exit with 0."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("STOPGAP_", "PG"))
    }

    def run(connection: Connection, *arguments: str) -> str:
        dsn = make_conninfo(connection.info.dsn, dbname=connection.info.dbname)
        done = subprocess.run(
            [sys.executable, "-c", _MAIN, *arguments, "--db", dsn],
            cwd=tmp_path,
            env={**inherited, "PYTHONPATH": str(previous_package), "COLUMNS": "88"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def keys(answer: Any, path: str = "") -> set[str]:
    """Return the paths of all keys of a JSON answer, alike for each list's elements."""
    if isinstance(answer, dict):
        return {
            found
            for key, value in answer.items()
            for found in {f"{path}.{key}", *keys(value, f"{path}.{key}")}
        }
    if isinstance(answer, list):
        return {found for each in answer for found in keys(each, f"{path}[]")}
    return set()


def decoded(text: str) -> Any:
    """Return the answer of a command that was told --output json."""
    return json.loads(text)
