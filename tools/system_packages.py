"""Installs Debian packages: only what is missing, as root or through sudo."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence

_APT_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "a"}


class PackageError(Exception):
    """A package could not be installed; the message says what a person can do."""


def is_installed(package: str) -> bool:
    """Say whether dpkg has unpacked and configured the package."""
    result = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${db:Status-Status}\n", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode == 0 and "installed" in result.stdout.split()


def missing(packages: Iterable[str]) -> list[str]:
    """Return those of the packages that are not installed."""
    return [package for package in packages if not is_installed(package)]


def as_root(command: Sequence[str]) -> list[str]:
    """Return the command as this user can run it with the rights of root."""
    assignments = [f"{name}={value}" for name, value in _APT_ENVIRONMENT.items()]
    if os.geteuid() == 0:
        return ["env", *assignments, *command]
    if shutil.which("sudo") is None:
        raise PackageError(
            "this needs root and there is no sudo; as root run: " + " ".join(command)
        )
    # Without a terminal nobody can type a password: fail at once instead of waiting.
    options = [] if sys.stdin.isatty() else ["--non-interactive"]
    return ["sudo", *options, "env", *assignments, *command]


def run_as_root(*command: str) -> None:
    """Run a package command, its output visible, its standard input empty."""
    full = as_root(command)
    # sudo asks for its password on the terminal itself, so stdin can be closed.
    result = subprocess.run(full, stdin=subprocess.DEVNULL, check=False)
    if result.returncode != 0:
        raise PackageError(f"failed with {result.returncode}: {' '.join(command)}")


def update() -> None:
    """Fetch the package lists; old ones name versions that are gone from mirrors."""
    run_as_root("apt-get", "update", "--quiet")


def install(packages: Iterable[str]) -> None:
    """Install the packages and nothing that they merely recommend."""
    update()
    run_as_root(
        "apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages
    )


def is_known(package: str) -> bool:
    """Say whether the package lists have the package; a fresh machine has none."""
    command = ["apt-cache", "show", package]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def would_install(package: str) -> bool:
    """Say whether apt could install the package without removing another one."""
    result = subprocess.run(
        ["apt-get", "install", "--simulate", "--no-install-recommends", package],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    removes = any(line.startswith("Remv ") for line in result.stdout.splitlines())
    return result.returncode == 0 and not removes
