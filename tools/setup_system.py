"""Installs the Debian packages that building and running stopgap needs."""

from __future__ import annotations

import shutil
import sys

import system_packages

# V8 is not among these: setup_v8.py knows the ways to it.
PACKAGES = (
    "clang-format",
    "g++",
    "libicu-dev",
    "make",
    "postgresql-15",
    "postgresql-plpython3-15",
    "postgresql-server-dev-15",
    "python3-venv",
)


def main() -> int:
    """Install what is missing and check what apt does not bring."""
    if shutil.which("dpkg-query") is None:
        print("error: this set-up knows Debian and its relatives only", file=sys.stderr)
        print(
            f"hint: install what these names stand for: {', '.join(PACKAGES)}; "
            "then: touch build/stamp/system",
            file=sys.stderr,
        )
        return 1
    lacking = system_packages.missing(PACKAGES)
    if lacking:
        print(f"installing {', '.join(lacking)}")
        try:
            system_packages.install(lacking)
        except system_packages.PackageError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    if shutil.which("npm") is None:
        print("error: npm is not installed", file=sys.stderr)
        print("hint: apt-get install npm, or another vendor's Node", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
