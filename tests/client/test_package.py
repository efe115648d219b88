"""The package's public names and its one version."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import stopgap

ROOT = Path(__file__).resolve().parents[2]


def test_all_is_sorted_and_complete() -> None:
    assert stopgap.__all__ == sorted(stopgap.__all__)
    assert all(hasattr(stopgap, name) for name in stopgap.__all__)


def test_every_part_has_the_same_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = {
        "pyproject.toml": project["version"],
        "package.json": json.loads((ROOT / "package.json").read_text())["version"],
        "runtime/package.json": json.loads(
            (ROOT / "runtime" / "package.json").read_text()
        )["version"],
        "plts": control_version("plts"),
        "stopgap": control_version("stopgap"),
    }

    assert set(versions.values()) == {stopgap.__version__}, versions


def control_version(extension: str) -> str:
    control = next((ROOT / extension).glob(f"**/{extension}.control")).read_text()
    found = re.search(r"^default_version\s*=\s*'(.+)'", control, re.MULTILINE)
    assert found is not None
    return found[1]
