"""Builds a PostgreSQL 15 with assertions from Debian's source package.

No package has one, and only such a server obeys `debug_discard_caches`, under which
every cache is emptied wherever an invalidation could arrive. Made of it is what the
tests of the language need: the server, initdb, pg_ctl, psql, pg_dump and PL/pgSQL.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import system_packages

_PACKAGE = "postgresql-15"
# Without what would ask for further packages; no test of the language needs it.
_OPTIONS = (
    "--enable-cassert",
    "--without-icu",
    "--without-readline",
    "--without-zlib",
    "CFLAGS=-O2",
)
# In the order in which they need each other.
_PARTS = (
    "src/common",
    "src/port",
    "src/timezone",
    "src/backend",
    "src/backend/utils/mb/conversion_procs",
    "src/backend/snowball",
    "src/include",
    "src/interfaces/libpq",
    "src/fe_utils",
    "src/bin/initdb",
    "src/bin/pg_config",
    "src/bin/pg_ctl",
    "src/bin/pg_dump",
    "src/bin/psql",
    "src/pl/plpgsql/src",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch the source, build it and install it below the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where it is built and installed")
    parser.add_argument("--jobs", default="2", help="how many compilers run at once")
    chosen = parser.parse_args(arguments)
    folder = chosen.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        source = _unpack(_fetch(folder / "source"), folder / "source")
        _build(source, folder / "install", jobs=chosen.jobs)
    except (
        system_packages.PackageError,
        subprocess.CalledProcessError,
        OSError,
    ) as error:
        print(f"error: cannot build PostgreSQL: {error}", file=sys.stderr)
        print(
            f"hint: unpack PostgreSQL 15's source in {folder / 'source'} and run this "
            "again",
            file=sys.stderr,
        )
        return 1
    shutil.rmtree(folder / "source")
    return 0


def _fetch(folder: Path) -> Path | None:
    """Download the newest source that a mirror has; None if it is unpacked."""
    if any(folder.glob("postgresql-15*/configure")):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    options = list(_private_lists(folder))
    _run("apt-get", *options, "update", "--quiet", cwd=folder)
    versions = _versions(options)
    # A mirror may name a version that it does not have.
    for version in versions:
        command = ["apt-get", *options, "source", "--quiet", "--download-only"]
        result = subprocess.run(
            [*command, f"{_PACKAGE}={version}"], cwd=folder, check=False
        )
        archives = sorted(folder.glob("*.orig.tar.*"))
        if result.returncode == 0 and archives:
            return archives[-1]
    raise system_packages.PackageError(
        f"no mirror has the source of {_PACKAGE}: tried {', '.join(versions) or 'none'}"
    )


def _private_lists(folder: Path) -> Iterator[str]:
    """Set up lists of source packages beside the system's; yield apt's options."""
    answer = subprocess.run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)",
            "Created-By: Packages",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    lines = {
        f"deb-src [signed-by={keys}] {address} {release} {component}\n"
        for origin, address, release, component in (
            line.split("|") for line in answer.stdout.splitlines()
        )
        if origin == "Debian"
    }
    if not lines:
        raise system_packages.PackageError("apt knows no archive of Debian's")
    sources = folder / "sources.list"
    sources.write_text("".join(sorted(lines)))
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    for name, value in (
        ("Dir::Etc::SourceList", sources),
        ("Dir::Etc::SourceParts", "/dev/null"),
        ("Dir::State::Lists", lists),
        ("Dir::Cache", folder / "cache"),
        # As root, apt would download as a user who may not see this folder.
        ("APT::Sandbox::User", "root"),
    ):
        yield "--option"
        yield f"{name}={value}"


def _versions(options: Sequence[str]) -> list[str]:
    """Return the versions of the source package, newest first."""
    answer = subprocess.run(
        ["apt-cache", *options, "showsrc", "--only-source", _PACKAGE],
        capture_output=True,
        text=True,
        check=True,
    )
    found = {
        line.removeprefix("Version: ")
        for line in answer.stdout.splitlines()
        if line.startswith("Version: ")
    }
    ordered: list[str] = []
    for version in found:
        place = sum(_is_newer(other, version) for other in ordered)
        ordered.insert(place, version)
    return ordered


def _is_newer(one: str, other: str) -> bool:
    command = ["dpkg", "--compare-versions", one, "gt", other]
    return subprocess.run(command, check=False).returncode == 0


def _unpack(archive: Path | None, folder: Path) -> Path:
    if archive is not None:
        if shutil.which("bzip2") is None:
            system_packages.install(["bzip2"])
        _run("tar", "--extract", "--file", str(archive), cwd=folder)
    return next(folder.glob("postgresql-15*/configure")).parent


def _build(source: Path, target: Path, *, jobs: str) -> None:
    print(f"building {source.name} with assertions", flush=True)
    configure = ["./configure", "--quiet", f"--prefix={target}", *_OPTIONS]
    _run(*configure, cwd=source)
    _run("make", "--silent", "-C", "src/backend", "generated-headers", cwd=source)
    for part in _PARTS:
        _run("make", "--silent", f"-j{jobs}", "-C", part, "all", cwd=source)
        _run("make", "--silent", "-C", part, "install", cwd=source)


def _run(*command: str, cwd: Path) -> None:
    # The make that runs this has settings of its own.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES")
    }
    subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )


if __name__ == "__main__":
    sys.exit(main())
