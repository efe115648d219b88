"""Rules of the C++ sources that no compiler checks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "plts" / "src"
FILES = sorted([*SOURCES.rglob("*.cc"), *SOURCES.rglob("*.h")])
# The snapshot builder runs when the extension is built, in a process of its own.
CRASHES_ALLOWED = {"js/build_snapshot.cc"}
MAY_NAME_V8 = {"js", "convert", "api", "compiler", "call"}

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
_ENDS_THE_PROCESS = re.compile(r"\b(ToLocalChecked|ToChecked|FromJust|Check)\s*\(\s*\)")
_INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def name_of(path: Path) -> str:
    """Return the path as the sources' own includes have it."""
    return path.relative_to(SOURCES).as_posix()


def code_of(path: Path) -> str:
    """Return the code without comments and strings."""
    return _STRING.sub('""', _COMMENT.sub("", path.read_text()))


def folder_of(path: Path) -> str:
    """Return the folder that a source is in; empty for those on top."""
    return name_of(path).rpartition("/")[0]


def each(files: list[Path]) -> pytest.MarkDecorator:
    """Make a test run for each of these files."""
    return pytest.mark.parametrize("path", files, ids=name_of)


@each([path for path in FILES if name_of(path) not in CRASHES_ALLOWED])
def test_nothing_ends_the_process_on_an_empty_handle(path: Path) -> None:
    assert _ENDS_THE_PROCESS.findall(code_of(path)) == []


@each([path for path in FILES if folder_of(path) not in MAY_NAME_V8])
def test_v8_is_named_where_it_belongs_only(path: Path) -> None:
    assert not re.search(r"\bv8::", code_of(path))


@each([path for path in FILES if folder_of(path) == "pg"])
def test_postgres_side_does_not_include_v8(path: Path) -> None:
    seen: set[str] = set()
    queue = [name_of(path)]
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        queue += _INCLUDE.findall((SOURCES / name).read_text())

    assert not [name for name in seen if name.startswith("js/")]


def test_folders_of_headers_depend_one_way() -> None:
    edges: set[tuple[str, str]] = set()
    for path in FILES:
        if path.suffix != ".h" or "/" not in name_of(path):
            continue
        folder = name_of(path).split("/")[0]
        for included in _INCLUDE.findall(path.read_text()):
            if "/" in included and included.split("/")[0] != folder:
                edges.add((folder, included.split("/")[0]))

    assert sorted((one, two) for one, two in edges if (two, one) in edges) == []


@each(FILES)
def test_first_line_says_what_the_file_is_for(path: Path) -> None:
    assert path.read_text().startswith("// ")


@each(FILES)
def test_try_macros_of_postgres_stay_in_the_guard(path: Path) -> None:
    assert not re.search(r"\bPG_(TRY|CATCH|END_TRY|RE_THROW)\b", code_of(path))


@each([path for path in FILES if folder_of(path) in {"convert", "api"}])
def test_stack_is_checked_without_raising_in_converters(path: Path) -> None:
    assert "check_stack_depth" not in code_of(path)
