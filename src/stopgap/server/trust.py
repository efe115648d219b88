"""Tells a local server that this account has made from one that came with a checkout.

The record of a local server names programs that are run, and its data folder has
settings that run some. A cloned repository or an unpacked archive can bring both, with
files that belong to whoever unpacked it. So a record is signed with a key that only the
account has; nothing of a folder is run before its record was checked.
"""

from __future__ import annotations

import hmac
import json
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from stopgap.errors import ServerError

_KEY_BYTES = 32
_GIT_SECONDS = 10
# What a repository's own configuration could make git run.
_GIT_RUNS_NOTHING = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_TAKE_OVER = "if you know where it comes from, `stopgap up --trust` takes it over"


def sign(record: Mapping[str, object]) -> str:
    """Return this account's signature of what a record says."""
    text = json.dumps(record, sort_keys=True, ensure_ascii=True).encode()
    return hmac.digest(_key(), text, "sha256").hex()


def check_signature(file: Path, record: Mapping[str, object], signature: str) -> None:
    """Refuse the record in `file` unless this account has signed it."""
    if not hmac.compare_digest(sign(record).encode(), signature.encode()):
        raise ServerError(
            f"{file} is not trusted: `stopgap up` of this account did not write it",
            hint=_TAKE_OVER,
        )


def check_files(folder: Path, *names: str) -> None:
    """Refuse a server's folder, or files in it, that others can write or put there."""
    for path in (folder, *(folder / name for name in names)):
        try:
            found = path.stat()
        except FileNotFoundError:
            continue
        if found.st_uid != os.geteuid():
            raise ServerError(
                f"{path} is not trusted: it belongs to {_owner(found.st_uid)}",
                hint="give --db, or a folder of your own with --dir",
            )
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ServerError(
                f"{path} is not trusted: others can write to it",
                hint=f"chmod go-w '{path}'",
            )
    if _is_tracked(folder):
        raise ServerError(
            f"{folder} is not trusted: its files are part of the repository",
            hint=f"git rm -r --cached '{folder}', and have git ignore it",
        )


def check_unmade(home: Path) -> None:
    """Refuse a folder that has a server's files, but no record of this account's."""
    for name in ("data", "tree"):
        if os.path.lexists(home / name):
            raise ServerError(
                f"{home / name} is not trusted: there is no record of the server that"
                " it belongs to",
                hint=_TAKE_OVER,
            )


def _is_tracked(folder: Path) -> bool:
    git = shutil.which("git")
    if git is None or not folder.is_dir():
        return False
    command = [git, *_GIT_RUNS_NOTHING, "ls-files", "--", folder.name]
    try:
        done = subprocess.run(
            command,
            cwd=folder.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout != b""


def _owner(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _key() -> bytes:
    """Return the account's key, made when it is needed first."""
    folder = _state_folder()
    file = folder / "server-key"
    try:
        if not file.exists():
            _make_key(file)
        found = file.stat()
        key = bytes.fromhex(file.read_text())
    except (OSError, ValueError) as error:
        raise ServerError(
            f"cannot read the key of local servers, {file}: {error}",
            hint="set XDG_STATE_HOME to a folder that you may write to",
        ) from error
    if found.st_uid != os.geteuid() or found.st_mode & 0o077 or len(key) != _KEY_BYTES:
        raise ServerError(
            f"{file} is not trusted: others may have read or written it",
            hint="remove it, then `stopgap up --trust` in the folders of your servers",
        )
    return key


def _make_key(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, whole = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w") as opened:
        opened.write(secrets.token_hex(_KEY_BYTES))
    try:
        # Unlike a renaming, this leaves the key of a process that was faster.
        with suppress(FileExistsError):
            os.link(whole, file)
    finally:
        os.unlink(whole)


def _state_folder() -> Path:
    named = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(named):
        return Path(named) / "stopgap"
    try:
        # Not HOME, which is another's under sudo.
        home = Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except KeyError:
        home = Path.home()
    return home / ".local" / "state" / "stopgap"
