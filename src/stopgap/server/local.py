"""The server that `stopgap up` keeps for a project, below a folder of the project.

The folder (`.stopgap` unless told otherwise) records in server.json where the server's
files are. It is looked for in the current folder and in those above it, as git does,
and trusted only where this account has made it (see trust.py).
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psycopg
from psycopg import sql

from stopgap.errors import ServerError
from stopgap.server.account import home_for, server_account
from stopgap.server.cluster import Cluster, Postmaster, free_port, is_free
from stopgap.server.tree import build_tree, find_extensions, open_tree
from stopgap.server.trust import check_files, check_signature, check_unmade, sign

DATABASE = "stopgap"
_FOLDER = ".stopgap"
_RECORD = "server.json"
_SIGNATURE = "signature"
_PRELOAD = {"shared_preload_libraries": "plts", "plts.prewarm": "on"}


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A running local server, and how to connect to its database as the superuser."""

    dsn: str
    dir: Path
    port: int
    pid: int
    started: bool


@dataclass(frozen=True, slots=True)
class _Record:
    """What server.json keeps between starts; the password is the one for TCP."""

    home: str
    port: int
    password: str


class LocalServer:
    """The local server of one folder, running or not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._account = server_account()

    @classmethod
    def nearest(cls, folder: Path | None = None) -> LocalServer:
        """Return the server of the folder given, else the nearest, else a new one."""
        if folder is not None:
            return cls(folder)
        here = Path.cwd()
        for place in (here, *here.parents):
            if os.path.exists(place / _FOLDER / _RECORD):
                return cls(place / _FOLDER)
        return cls(here / _FOLDER)

    def up(
        self,
        *,
        port: int | None = None,
        preload: bool = True,
        trust: bool = False,
        progress: Callable[[str], None] = lambda step: None,
    ) -> RunningServer:
        """Start the server, making what is missing of it; find it when it runs.

        With `trust` the files of a server that another account, or a checkout, has put
        there are taken over.
        """
        try:
            self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError as error:
            raise ServerError(
                f"cannot make the folder {self.folder}: {error.strerror}",
                hint="name another one with --dir",
            ) from error
        with self._lock():
            record = self._read_record(trust=trust)
            if record is None or trust:
                # Recorded first: what is made next is known to be ours.
                record = record or self._new_record(trust=trust)
                self._write_record(record)
            found = self._running(record)
            if found is None:
                cluster = self._build(Path(record.home), progress)
                record = replace(record, port=_choose_port(record.port, port))
                postmaster = self._start(cluster, record, preload, progress)
            else:
                cluster, postmaster = found
                if port not in (None, postmaster.port):
                    raise ServerError(
                        f"the server runs on port {postmaster.port}, not {port}",
                        hint="run `stopgap down` first",
                    )
            _ensure_database(cluster, postmaster.port)
            return self._answer(cluster, postmaster, started=found is None)

    def down(self) -> int | None:
        """Stop the server; return its process id, None when it did not run."""
        record = self._read_record()
        if record is None:
            return None
        with self._lock():
            found = self._running(record)
            return found[0].stop() if found else None

    def find(self) -> RunningServer | None:
        """Return the server if it runs now."""
        record = self._read_record()
        found = self._running(record) if record else None
        if found is None or not found[1].ready:
            return None
        return self._answer(*found, started=False)

    def psql(self) -> str:
        """Return the path of the server's own psql."""
        record = self._read_record()
        if record is None:
            raise ServerError(
                f"there is no server in {self.folder}", hint="run `stopgap up` first"
            )
        return open_tree(Path(record.home) / "tree").program("psql")

    def _build(self, home: Path, progress: Callable[[str], None]) -> Cluster:
        """Make or bring up to date what the server runs from."""
        home.mkdir(mode=0o755, parents=True, exist_ok=True)
        root = home / "tree"
        if not root.exists():
            progress("building a private PostgreSQL")
        tree = build_tree(root, extensions=find_extensions())
        for name in ("plts", "stopgap"):
            if not tree.has_extension(name):
                raise ServerError(
                    f"the extension {name} is not installed",
                    hint="run `make build` in the checkout of stopgap",
                )
        return Cluster(home, tree, self._account)

    def _running(self, record: _Record) -> tuple[Cluster, Postmaster] | None:
        """Return the cluster whose server runs; its tree must not be changed now."""
        home = Path(record.home)
        if not (home / "data" / "postmaster.pid").exists():
            return None
        cluster = Cluster(home, open_tree(home / "tree"), self._account)
        postmaster = cluster.running()
        return (cluster, postmaster) if postmaster else None

    def _start(
        self,
        cluster: Cluster,
        record: _Record,
        preload: bool,
        progress: Callable[[str], None],
    ) -> Postmaster:
        if not cluster.initialised:
            progress("making the database cluster")
            cluster.initialise(password=record.password)
        progress("starting the server")
        # Recorded first: a server that runs must be found, whatever happens next.
        self._write_record(record)
        return cluster.start(port=record.port, settings=_PRELOAD if preload else {})

    def _answer(
        self, cluster: Cluster, postmaster: Postmaster, *, started: bool
    ) -> RunningServer:
        return RunningServer(
            dsn=cluster.dsn(port=postmaster.port, database=DATABASE),
            dir=self.folder,
            port=postmaster.port,
            pid=postmaster.pid,
            started=started,
        )

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Keep a second `up` or `down` of this folder waiting."""
        with (self.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _new_record(self, *, trust: bool) -> _Record:
        check_files(self.folder)
        home = home_for(self.folder, self._account)
        if not trust:
            check_unmade(home)
        return _Record(home=str(home), port=0, password=secrets.token_urlsafe(24))

    def _read_record(self, *, trust: bool = False) -> _Record | None:
        file = self.folder / _RECORD
        if not os.path.lexists(file):
            return None
        check_files(self.folder, _RECORD)
        try:
            found = json.loads(file.read_text())
            signature = str(found.pop(_SIGNATURE, ""))
            record = _Record(**found)
        except (OSError, AttributeError, TypeError, ValueError) as error:
            raise ServerError(
                f"cannot read {file}: {error}",
                hint="it belongs to whoever ran `stopgap up` here",
            ) from error
        if not trust:
            check_signature(file, found, signature)
        return record

    def _write_record(self, record: _Record) -> None:
        fresh = self.folder / f".{_RECORD}.new"
        said = asdict(record)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({**said, _SIGNATURE: sign(said)}, file, indent=2)
            file.write("\n")
        fresh.replace(self.folder / _RECORD)


def _choose_port(recorded: int, wanted: int | None) -> int:
    """Keep a server's port from one start to the next, unless somebody took it."""
    if wanted is not None:
        if not is_free(wanted):
            raise ServerError(
                f"port {wanted} is in use",
                hint="give another one, or none for one that is free",
            )
        return wanted
    return recorded if recorded and is_free(recorded) else free_port()


def _ensure_database(cluster: Cluster, port: int) -> None:
    """Create the database and the extensions unless an earlier `up` has."""
    with psycopg.connect(
        cluster.dsn(port=port, database="postgres"), autocommit=True
    ) as connection:
        exists = connection.execute(
            "select 1 from pg_catalog.pg_database where datname = %s", [DATABASE]
        ).fetchone()
        if not exists:
            name = sql.Identifier(DATABASE)
            connection.execute(sql.SQL("create database {}").format(name))
    with psycopg.connect(
        cluster.dsn(port=port, database=DATABASE), autocommit=True
    ) as connection:
        connection.execute("set client_min_messages = warning")
        connection.execute("create extension if not exists stopgap cascade")


def find_local_dsn() -> str | None:
    """Return the DSN of the local server that runs here, None when none does."""
    running = LocalServer.nearest().find()
    return None if running is None else running.dsn
