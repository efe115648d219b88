"""Writes the files that people name, and nothing else than what they named.

A regular file is replaced whole or not at all. What is no regular file, a device or a
pipe, is written to as it is: putting a file in its place would take it from everybody.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from pathlib import Path

from stopgap.errors import OutputFailed, UsageError

STANDARD_OUTPUT = Path("-")
_MAX_LINKS = 40
# Names of descriptors of this process: whoever opened them decided what they are.
_DESCRIPTOR = re.compile(r"/(?:dev|proc/(?:self|thread-self|\d+))/fd/(\d+)")
_NAMED = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


def is_standard_output(path: Path) -> bool:
    """Tell whether what is written there comes out where answers do."""
    return path == STANDARD_OUTPUT or _descriptor(path) == 1


def write_output(path: Path, data: bytes) -> None:
    """Write `data` to the file, the device or the descriptor of that name.

    `-` is standard output. Links are followed. A file that is replaced keeps its
    permissions. Raises UsageError for what cannot be written to, OutputFailed where
    writing was begun and not finished.
    """
    try:
        descriptor = 1 if path == STANDARD_OUTPUT else _descriptor(path)
        if descriptor is not None:
            _write_all(path, os.dup(descriptor), data)
            return
        mode = _mode(path)
        if mode is None or stat.S_ISREG(mode):
            _replace(Path(os.path.realpath(path)), data, mode)
        else:
            _write_all(path, os.open(path, os.O_WRONLY | os.O_NOCTTY), data)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _descriptor(path: Path) -> int | None:
    """Return the descriptor of this process that a name leads to, None for others."""
    name = os.path.abspath(path)
    for _ in range(_MAX_LINKS):
        if name in _NAMED:
            return _NAMED[name]
        if (found := _DESCRIPTOR.fullmatch(name)) is not None:
            return int(found[1])
        try:
            target = os.readlink(name)
        except OSError:
            return None
        name = os.path.normpath(os.path.join(os.path.dirname(name), target))
    return None


def _write_all(path: Path, descriptor: int, data: bytes) -> None:
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        raise OutputFailed(f"cannot write {path}: {error.strerror}") from error


def _replace(path: Path, data: bytes, mode: int | None) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:200]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if mode is None:
                umask = os.umask(0)
                os.umask(umask)
                mode = 0o666 & ~umask
            os.fchmod(file.fileno(), stat.S_IMODE(mode))
            _keep_owner(path, file.fileno())
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _keep_owner(path: Path, descriptor: int) -> None:
    """Leave a file that root replaces to its owner."""
    try:
        before = path.stat()
    except FileNotFoundError:
        return
    if os.geteuid() == 0:
        os.fchown(descriptor, before.st_uid, before.st_gid)
