"""Builds a private PostgreSQL installation in which extensions can be installed.

PostgreSQL finds its folders relative to its own binary. The tree therefore has the
machine's layout below another root: programs are copied, everything else is linked
entry by entry, and the extensions' files are added as copies.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stopgap.errors import ServerError

# The programs of a server and its clients; the folder may hold the system's others too.
_PROGRAMS = (
    "initdb",
    "pg_basebackup",
    "pg_config",
    "pg_controldata",
    "pg_ctl",
    "pg_dump",
    "pg_dumpall",
    "pg_isready",
    "pg_resetwal",
    "pg_restore",
    "pg_upgrade",
    "pgbench",
    "postgres",
    "psql",
)
_DEBIAN = "/usr/lib/postgresql/15/bin/pg_config"


@dataclass(frozen=True, slots=True)
class Tree:
    """One private installation: its programs, libraries and shared files."""

    bin: Path
    lib: Path
    share: Path

    def program(self, name: str) -> str:
        """Return the full path of a PostgreSQL program."""
        return str(self.bin / name)

    def has_extension(self, name: str) -> bool:
        """Say whether CREATE EXTENSION would find the extension."""
        return (self.share / "extension" / f"{name}.control").exists()


def find_pg_config() -> Path:
    """Return the pg_config of the PostgreSQL to use: PG_CONFIG, Debian's 15, PATH's."""
    named = os.environ.get("PG_CONFIG")
    if named:
        found = shutil.which(named)
        if found is None:
            raise ServerError(f"PG_CONFIG is not a program: {named}")
        return Path(found)
    if os.access(_DEBIAN, os.X_OK):
        return Path(_DEBIAN)
    found = shutil.which("pg_config")
    if found is None:
        raise ServerError(
            "PostgreSQL 15 is not installed",
            hint="run `make setup`, or set PG_CONFIG to its pg_config",
        )
    return Path(found)


def find_extensions() -> Path | None:
    """Return the checkout's built extensions; None when the package stands alone."""
    stage = Path(__file__).resolve().parents[3] / "build" / "stage"
    return stage if (stage / ".stamp").exists() else None


def build_tree(
    root: Path, *, pg_config: Path | None = None, extensions: Path | None = None
) -> Tree:
    """Make the tree below `root`, or bring it up to date; running servers go on."""
    system = _read_tree(pg_config or find_pg_config())
    prefix = os.path.commonpath([system.bin, system.lib, system.share])
    tree = Tree(
        bin=root / system.bin.relative_to(prefix),
        lib=root / system.lib.relative_to(prefix),
        share=root / system.share.relative_to(prefix),
    )
    # Whoever runs the server must be able to read what whoever builds it writes.
    umask = os.umask(0o022)
    try:
        tree.bin.mkdir(parents=True, exist_ok=True)
        for name in _PROGRAMS:
            if (system.bin / name).exists():
                _copy(system.bin / name, tree.bin / name)
        _link_entries(system.lib, tree.lib)
        _link_entries(system.share, tree.share, but="extension")
        _link_entries(system.share / "extension", tree.share / "extension")
        if extensions is not None:
            _copy_folder(extensions / "lib", tree.lib)
            _copy_folder(extensions / "share", tree.share)
    finally:
        os.umask(umask)
    return tree


def open_tree(root: Path) -> Tree:
    """Return the tree that was built below `root`, leaving it as it is."""
    # Its own pg_config knows where it is.
    for pg_config in root.glob("**/bin/pg_config"):
        return _read_tree(pg_config)
    raise ServerError(
        f"the private PostgreSQL in {root} is gone",
        hint="run `stopgap up` to build it again",
    )


def _read_tree(pg_config: Path) -> Tree:
    command = [str(pg_config), "--bindir", "--pkglibdir", "--sharedir"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        programs, lib, share = map(Path, answer.stdout.splitlines())
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        raise ServerError(f"{pg_config} does not answer: {error}") from error
    if not (programs / "postgres").exists():
        raise ServerError(
            f"there is no PostgreSQL server in {programs}",
            hint="run `make setup`, or set PG_CONFIG to the pg_config of a server",
        )
    return Tree(bin=programs, lib=lib, share=share)


def _link_entries(source: Path, target: Path, *, but: str | None = None) -> None:
    """Make `target` a folder of links to what is in `source`, without dead ones."""
    target.mkdir(parents=True, exist_ok=True)
    for entry in target.iterdir():
        if entry.is_symlink() and not entry.exists():
            entry.unlink()
    for entry in source.iterdir():
        link = target / entry.name
        if entry.name != but and not os.path.lexists(link):
            link.symlink_to(entry)


def _copy_folder(source: Path, target: Path) -> None:
    for name in glob.glob("**", root_dir=source, recursive=True, include_hidden=True):
        if (source / name).is_dir():
            _make_folder(target / name)
        elif (source / name).is_file():
            _copy(source / name, target / name)


def _make_folder(folder: Path) -> None:
    if folder.is_symlink():
        # The system has an installation of its own of this extension; ours hides it.
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Copy what changed; the new file replaces the old one, which servers may map."""
    if target.is_file() and not target.is_symlink():
        old, new = target.stat(), source.stat()
        if old.st_size == new.st_size and old.st_mtime_ns == new.st_mtime_ns:
            return
    fresh = target.with_name(f".{target.name}.new")
    shutil.copy2(source, fresh)
    fresh.chmod(0o755 if os.access(source, os.X_OK) else 0o644)
    fresh.replace(target)
