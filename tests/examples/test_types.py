"""The functions as an editor sees them: checked by tsc against the runtime package."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from examples.shop.load import SHOP

_CHECKOUT = SHOP.parents[1]
_TSC = _CHECKOUT / "node_modules" / ".bin" / "tsc"


def check(project: Path) -> subprocess.CompletedProcess[str]:
    command = [str(_TSC), "--project", str(project)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_both_versions_are_without_errors() -> None:
    result = check(SHOP)

    assert (result.returncode, result.stdout) == (0, "")


def test_the_broken_function_has_exactly_one_error(tmp_path: Path) -> None:
    settings = {
        "extends": str(SHOP / "tsconfig.json"),
        "include": [str(SHOP / "broken")],
    }
    project = tmp_path / "tsconfig.json"
    project.write_text(json.dumps(settings))

    result = check(project)

    (line,) = result.stdout.splitlines()
    assert "shipping_quote.ts(11,3): error TS2322" in line


@pytest.mark.parametrize("folder", ["v1", "v2", "broken"])
def test_the_name_of_a_file_is_that_of_an_sql_function(folder: str) -> None:
    names = [path.stem for path in (SHOP / folder).glob("*.ts")]

    assert names
    assert all(name.isidentifier() and name == name.lower() for name in names)
