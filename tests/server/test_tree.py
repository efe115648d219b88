"""The private PostgreSQL tree."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from stopgap.errors import ServerError
from stopgap.server.tree import build_tree, find_pg_config, open_tree


def pg_config(program: Path | str, option: str) -> Path:
    answer = subprocess.run(
        [program, option], capture_output=True, text=True, check=True
    )
    return Path(answer.stdout.strip())


def test_its_programs_find_their_folders_below_it(tmp_path: Path) -> None:
    tree = build_tree(tmp_path)

    program = tree.program("pg_config")

    assert pg_config(program, "--pkglibdir") == tree.lib
    assert pg_config(program, "--sharedir") == tree.share


def test_what_is_installed_into_it_does_not_reach_the_system(tmp_path: Path) -> None:
    extensions = tmp_path / "extensions"
    (extensions / "lib" / "probe-1.0").mkdir(parents=True)
    (extensions / "lib" / "probe-1.0" / "part.py").write_text("pass\n")
    (extensions / "share" / "extension").mkdir(parents=True)
    (extensions / "share" / "extension" / "probe.control").write_text("comment = ''\n")
    system = pg_config(find_pg_config(), "--sharedir")

    tree = build_tree(tmp_path / "tree", extensions=extensions)

    assert tree.has_extension("probe")
    assert (tree.lib / "probe-1.0" / "part.py").exists()
    assert not (system / "extension" / "probe.control").exists()


def test_extensions_of_the_system_are_there(tmp_path: Path) -> None:
    tree = build_tree(tmp_path)

    assert tree.has_extension("plpgsql")
    assert tree.has_extension("plpython3u")


def test_building_again_replaces_only_what_changed(tmp_path: Path) -> None:
    extensions = tmp_path / "extensions"
    (extensions / "lib").mkdir(parents=True)
    (extensions / "share").mkdir(parents=True)
    library = extensions / "lib" / "probe.so"
    library.write_text("old")
    tree = build_tree(tmp_path / "tree", extensions=extensions)
    program = Path(tree.program("postgres")).stat()
    mapped = (tree.lib / "probe.so").open()

    library.write_text("newer")
    build_tree(tmp_path / "tree", extensions=extensions)

    with mapped:
        assert mapped.read() == "old"
    assert (tree.lib / "probe.so").read_text() == "newer"
    assert Path(tree.program("postgres")).stat() == program


def test_everybody_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        tree = build_tree(tmp_path / "tree")
    finally:
        os.umask(umask)

    assert tree.bin.stat().st_mode & 0o755 == 0o755
    assert (tree.share / "extension").stat().st_mode & 0o755 == 0o755


def test_it_can_be_found_again(tmp_path: Path) -> None:
    built = build_tree(tmp_path)

    assert open_tree(tmp_path) == built


def test_a_missing_tree_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ServerError) as refusal:
        open_tree(tmp_path)

    assert refusal.value.hint is not None


def test_a_wrong_pg_config_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_CONFIG", "/nowhere/pg_config")

    with pytest.raises(ServerError, match="PG_CONFIG"):
        find_pg_config()


def test_its_extensions_hide_those_of_the_system(tmp_path: Path) -> None:
    # Any folder of the system's will do for one that has the same name as ours.
    ours = tmp_path / "extensions" / "lib" / "pgxs"
    ours.mkdir(parents=True)
    (ours / "part").write_text("ours")
    (tmp_path / "extensions" / "share").mkdir()
    theirs = pg_config(find_pg_config(), "--pkglibdir") / "pgxs"

    tree = build_tree(tmp_path / "tree", extensions=tmp_path / "extensions")

    assert (tree.lib / "pgxs" / "part").read_text() == "ours"
    assert not (theirs / "part").exists()
