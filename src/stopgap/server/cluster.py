"""Runs one private PostgreSQL server: makes, starts, finds and stops it.

A server is reached through a Unix socket in a folder that only its account (and root)
may enter, without a password, and over TCP on the loopback address with one.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from stopgap.errors import ServerError
from stopgap.server.account import Account
from stopgap.server.tree import Tree

SUPERUSER = "postgres"
_START_SECONDS = 60
_STOP_SECONDS = 60.0
# A socket's path must fit sockaddr_un; PostgreSQL adds its own file name to the folder.
_MAX_SOCKET_FOLDER = 85
_SETTINGS_FILE = "stopgap.conf"
_LOG_TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What a running server says of itself in its postmaster.pid."""

    pid: int
    port: int
    ready: bool


class Cluster:
    """A data folder below `home`, the tree that runs it and the account it runs as."""

    def __init__(self, home: Path, tree: Tree, account: Account) -> None:
        self.home = home
        self.tree = tree
        self.account = account
        self.data = home / "data"
        self.log = home / "server.log"
        self.sockets = _socket_folder(home)

    @property
    def initialised(self) -> bool:
        """Whether there is a complete data folder."""
        return (self.data / _SETTINGS_FILE).exists()

    def initialise(self, *, password: str) -> None:
        """Make the data folder; `password` is the superuser's over TCP."""
        if self.data.exists():
            raise ServerError(
                f"{self.data} exists, and was not made by stopgap",
                hint="choose another folder with --dir",
            )
        # Made under another name: what was interrupted is never taken for whole.
        unfinished = self.home / ".data.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        secret = self.home / ".password"
        self._make_private(unfinished)
        _write_private(secret, password + "\n")
        self.account.own(secret)
        try:
            failure = self._run(
                "initdb",
                f"--pgdata={unfinished}",
                f"--username={SUPERUSER}",
                f"--pwfile={secret}",
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-instructions",
            )
        finally:
            secret.unlink()
        if failure is not None:
            raise ServerError(f"initdb failed: {failure}")
        with (unfinished / "postgresql.conf").open("a") as file:
            file.write(
                "\n# Written at each start; what follows it wins.\n"
                f"include = '{_SETTINGS_FILE}'\n"
            )
        self._write_settings(unfinished, {})
        unfinished.rename(self.data)

    def start(self, *, port: int, settings: Mapping[str, str]) -> Postmaster:
        """Start the server and return once it takes connections."""
        self._make_private(self.sockets)
        self._write_settings(
            self.data,
            {
                "listen_addresses": "127.0.0.1",
                "port": str(port),
                "unix_socket_directories": str(self.sockets),
                "unix_socket_permissions": "0700",
                **settings,
            },
        )
        self.log.touch(mode=0o600)
        self.account.own(self.log)
        log_start = self.log.stat().st_size
        # pg_ctl makes the server nobody's child: it outlives this process.
        failure = self._run(
            "pg_ctl",
            "start",
            "--wait",
            f"--timeout={_START_SECONDS}",
            f"--pgdata={self.data}",
            f"--log={self.log}",
        )
        running = self.running()
        if failure is not None or running is None:
            self.stop()
            raise ServerError(
                f"the server did not start: {self._complaint(log_start)}",
                hint=f"its log is {self.log}",
            )
        return running

    def running(self) -> Postmaster | None:
        """Return the server that runs on this data folder, if one does."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            pid, port = int(lines[0]), int(lines[3])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        if not self._is_our_server(pid):
            return None
        ready = len(lines) > 7 and lines[7].strip() == "ready"
        return Postmaster(pid=pid, port=port, ready=ready)

    def stop(self) -> int | None:
        """Stop the server, ending its sessions; return its process id if one ran."""
        running = self.running()
        if running is None:
            return None

        def has_ended() -> bool:
            return not self._is_our_server(running.pid)

        os.kill(running.pid, signal.SIGINT)
        if not wait_until(has_ended, seconds=_STOP_SECONDS):
            os.kill(running.pid, signal.SIGQUIT)
            if not wait_until(has_ended, seconds=10):
                raise ServerError(
                    f"the server does not end; its process is {running.pid}"
                )
        if not self.sockets.is_relative_to(self.home):
            with suppress(OSError):
                self.sockets.rmdir()
        return running.pid

    def dsn(self, *, port: int, database: str, user: str = SUPERUSER) -> str:
        """Return the connection string that goes through the socket."""
        # In this of its forms nothing has to be quoted for a shell.
        host = quote(str(self.sockets), safe="")
        name = quote(database, safe="")
        return f"postgresql://{quote(user, safe='')}@{host}:{port}/{name}"

    def log_tail(self, *, start: int = 0, lines: int = _LOG_TAIL_LINES) -> list[str]:
        """Return the last lines of the server's log from the byte `start` on."""
        if not self.log.exists():
            return []
        with self.log.open("rb") as file:
            file.seek(start)
            return file.read().decode(errors="replace").splitlines()[-lines:]

    def _is_our_server(self, pid: int) -> bool:
        # A process id in a file may be another program's by now. Unlike the other
        # marks of a process, everybody may read its arguments; they go with its memory.
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(self.data) in arguments

    def _complaint(self, log_start: int) -> str:
        lines = self.log_tail(start=log_start)
        severe = [line for line in lines if "FATAL" in line or "ERROR" in line]
        return (severe or lines or ["it said nothing"])[-1]

    def _make_private(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # In /tmp anybody may have put something there before us.
        is_ours = folder.lstat().st_uid in (os.geteuid(), self.account.uid)
        if folder.is_symlink() or not is_ours:
            raise ServerError(f"{folder} belongs to somebody else")
        self.account.own(folder)
        folder.chmod(0o700)

    def _run(self, program: str, *arguments: str) -> str | None:
        """Run a program of the tree; return what it said if it failed."""
        result = self.account.run(
            [self.tree.program(program), *arguments], cwd=self.home, env=_environment()
        )
        return None if result.returncode == 0 else result.stdout.strip()

    def _write_settings(self, data: Path, settings: Mapping[str, str]) -> None:
        lines = [f"{name} = '{_escaped(value)}'" for name, value in settings.items()]
        header = "# Written by stopgap at each start; put your own in postgresql.conf."
        path = data / _SETTINGS_FILE
        _write_private(path, "\n".join([header, *lines]) + "\n")
        self.account.own(path)


def free_port() -> int:
    """Return a port of the loopback address that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Say whether nothing listens on the port of the loopback address now."""
    with socket.socket() as listener:
        # As PostgreSQL does: a port that was in use a moment ago is no obstacle.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Wait for a condition, at most so long; say whether it came true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True


def _socket_folder(home: Path) -> Path:
    folder = home / "socket"
    if len(os.fsencode(folder)) <= _MAX_SOCKET_FOLDER:
        return folder
    digest = sha256(os.fsencode(home)).hexdigest()[:16]
    return Path("/tmp") / f"stopgap-{digest}"


def _environment() -> dict[str, str]:
    # The caller's environment, PG* variables above all, is not the server's affair.
    kept = ("PATH", "TZ", "TMPDIR")
    chosen = {name: os.environ[name] for name in kept if name in os.environ}
    return {"PATH": os.defpath, **chosen, "LC_ALL": "C.UTF-8"}


def _escaped(value: str) -> str:
    return value.replace("'", "''")


def _write_private(path: Path, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
