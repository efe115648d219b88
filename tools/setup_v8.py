"""Finds V8 for the build and writes build/v8.mk: its headers, library and what to ship.

V8 comes from the distribution's shared libnode. Where another vendor's nodejs keeps
apt from installing libnode-dev, the two packages are unpacked into build/v8, and the
library is shipped beside plts.so.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import system_packages

ROOT = Path(__file__).resolve().parent.parent
UNPACKED = ROOT / "build" / "v8"
MAKEFILE = ROOT / "build" / "v8.mk"


def main() -> int:
    """Write build/v8.mk for the first way to V8 that works."""
    try:
        settings = _from_environment() or _from_system() or _from_unpacked_packages()
    except (
        system_packages.PackageError,
        subprocess.CalledProcessError,
        OSError,
    ) as error:
        print(f"error: cannot set up V8: {error}", file=sys.stderr)
        print(
            "hint: set V8_CPPFLAGS and V8_LIBS to where V8's headers and a shared "
            "libnode are",
            file=sys.stderr,
        )
        return 1
    MAKEFILE.parent.mkdir(parents=True, exist_ok=True)
    MAKEFILE.write_text(settings)
    print(f"wrote {MAKEFILE.relative_to(ROOT)}")
    return 0


def _settings(*, origin: str, cppflags: str, libs: str, ship: str) -> str:
    return (
        f"# Where V8 is: {origin}. Written by tools/setup_v8.py.\n"
        f"V8_CPPFLAGS ?= {cppflags}\n"
        f"V8_LIBS ?= {libs}\n"
        "# The library to install beside plts.so; empty when the system has it.\n"
        f"V8_SHIP ?= {ship}\n"
    )


def _from_environment() -> str | None:
    cppflags, libs = os.environ.get("V8_CPPFLAGS"), os.environ.get("V8_LIBS")
    if not cppflags or not libs:
        return None
    return _settings(
        origin="as the environment said",
        cppflags=cppflags,
        libs=libs,
        ship=os.environ.get("V8_SHIP", ""),
    )


def _from_system() -> str | None:
    """Use libnode-dev, installing it when that removes nobody's package."""
    if not system_packages.is_installed("libnode-dev"):
        if not system_packages.is_known("libnode-dev"):
            system_packages.update()
        if not system_packages.would_install("libnode-dev"):
            return None
        system_packages.install(["libnode-dev"])
    return _settings(
        origin="the system's libnode-dev",
        cppflags="-I/usr/include/node",
        libs="-lnode",
        ship="",
    )


def _from_unpacked_packages() -> str:
    """Unpack libnode-dev and the libnode that it belongs to into build/v8."""
    with _download_folder() as folder:
        header_package = _download("libnode-dev", folder)
        depends = _field(header_package, "Depends")
        library_name = re.search(r"\blibnode\d+\b", depends)
        if library_name is None:
            raise system_packages.PackageError(
                f"libnode-dev depends on no libnode: {depends}"
            )
        library_package = _download(library_name[0], folder)
        shared = re.findall(
            r"\b(?:lib|zlib)[\w.+-]+", _field(library_package, "Depends")
        )
        lacking = system_packages.missing(shared)
        if lacking:
            system_packages.install(lacking)
        shutil.rmtree(UNPACKED, ignore_errors=True)
        UNPACKED.mkdir(parents=True)
        for package in (header_package, library_package):
            subprocess.run(["dpkg-deb", "-x", package, UNPACKED], check=True)
    headers = UNPACKED / "usr" / "include" / "node"
    if not (headers / "v8.h").is_file():
        raise system_packages.PackageError(f"{headers} has no v8.h")
    library = next(UNPACKED.glob("usr/lib/*/libnode.so")).resolve()
    return _settings(
        origin="libnode-dev unpacked, as apt cannot install it here",
        cppflags=f"-I{headers}",
        libs=f"-L{library.parent} -lnode",
        ship=str(library),
    )


@contextmanager
def _download_folder() -> Iterator[Path]:
    """Give a folder that apt may write into also after it has dropped root's rights."""
    with tempfile.TemporaryDirectory(prefix="stopgap-apt-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, user="_apt")
            folder.chmod(0o755)
        yield folder


def _download(package: str, folder: Path) -> Path:
    command = ["apt-get", "download", "--quiet", package]
    if subprocess.run(command, cwd=folder, check=False).returncode != 0:
        # Without package lists, or with old ones, there is nothing to download.
        system_packages.update()
        subprocess.run(command, cwd=folder, check=True)
    return next(folder.glob(f"{package}_*.deb"))


def _field(package: Path, field: str) -> str:
    return subprocess.run(
        ["dpkg-deb", "-f", package, field], capture_output=True, text=True, check=True
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
