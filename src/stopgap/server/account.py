"""Decides under which account of the machine a server runs, and where that may write.

PostgreSQL refuses to run as root: root starts it as `postgres`, or as `nobody` where
there is no such account. Everybody else runs it as themselves.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stopgap.errors import ServerError

_UNPRIVILEGED = ("postgres", "nobody")
# Where root keeps the servers of checkouts that the server's account may not read.
_SHARED_STATE = Path("/var/lib/stopgap")


@dataclass(frozen=True, slots=True)
class Account:
    """An account that runs a server; `switch` says that it is not the caller's own."""

    name: str
    uid: int
    gid: int
    switch: bool

    def own(self, path: Path) -> None:
        """Give the path to this account."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def run(
        self, command: list[str], *, cwd: Path, env: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end as this account, with its output captured."""
        return subprocess.run(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            umask=0o077,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def reaches(self, folder: Path) -> bool:
        """Say whether this account can enter and read the folder."""
        if not self.switch:
            return os.access(folder, os.R_OK | os.X_OK)
        probe = ["/bin/sh", "-c", 'test -r "$1" && test -x "$1"', "sh", str(folder)]
        environment = {"PATH": os.defpath}
        return self.run(probe, cwd=Path("/"), env=environment).returncode == 0


def server_account() -> Account:
    """Return the account under which a server started by this process runs."""
    uid = os.geteuid()
    if uid != 0:
        return Account(_name(uid), uid, os.getegid(), switch=False)
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid, switch=True)
    raise ServerError(
        "root cannot run PostgreSQL, and there is no account postgres or nobody",
        hint="run this as an ordinary user",
    )


def home_for(folder: Path, account: Account) -> Path:
    """Return where the files of the server of `folder` go: there, if it may read it."""
    if account.reaches(folder):
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return _SHARED_STATE / digest


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
