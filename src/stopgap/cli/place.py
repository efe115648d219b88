"""Which database a command is about: what names it, and how a hint repeats that."""

from __future__ import annotations

import os
import re
import shlex
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from stopgap.errors import StopgapError, UsageError
from stopgap.server import LocalServer

# Those of libpq that name a server or a database; the others only say more of it.
_LIBPQ = ("PGSERVICE", "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE")
_POSTGRES_URL = ("postgresql://", "postgres://")
_COMMAND = re.compile(r"`stopgap (?P<verb>[a-z-]+)(?P<rest>[^`]*)`")
# What is about a folder's server, never about another database.
_OF_FOLDERS = ("up", "down", "demo")


@dataclass(frozen=True, slots=True)
class Place:
    """A database that can be connected to."""

    # Of libpq; empty where its own variables say all.
    dsn: str
    # What chose it, where that was not an option.
    source: str | None = None
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class _Given:
    """The options that named the place, as a shell takes them."""

    db: str = ""
    directory: str = ""


_NONE = _Given()
_GIVEN: ContextVar[_Given] = ContextVar("_GIVEN", default=_NONE)


def find_place(db: str | None, directory: Path | None) -> Place:
    """Return the database that the options name, else the environment, else a folder.

    The options first, then STOPGAP_DB, DATABASE_URL, libpq's variables, and last the
    local server that runs here.
    """
    if db is not None and directory is not None:
        raise UsageError(
            "--db and --dir both name a database", hint="give only one of them"
        )
    if db is not None:
        if not db.strip():
            raise UsageError("--db is empty", hint="leave it out, or name a database")
        _GIVEN.set(_Given(db=f"--db {shlex.quote(_without_password(db))}"))
        return Place(db)
    if directory is not None:
        remember_folder(directory)
        return _local(directory)
    return _of_environment() or _local(None)


def remember_folder(directory: Path | None) -> None:
    """Let hints repeat the folder that was given, if one was."""
    if directory is not None:
        _GIVEN.set(_Given(directory=f"--dir {shlex.quote(str(directory))}"))


def place_options(verb: str = "") -> str:
    """Return the options that named the place, to stand behind a verb."""
    given = _GIVEN.get()
    found = given.directory if verb in _OF_FOLDERS else given.directory or given.db
    return f" {found}" if found else ""


def with_place(text: str) -> str:
    """Return a text whose commands are about the same database as this one is."""

    def repeated(match: re.Match[str]) -> str:
        verb, rest = match["verb"], match["rest"]
        return f"`stopgap {verb}{place_options(verb)}{rest}`"

    return _COMMAND.sub(repeated, text)


def explain(error: StopgapError, place: Place) -> StopgapError:
    """Say what chose the database, where the command line did not."""
    if place.source is not None and error.hint is None:
        error.hint = f"the database is that of {place.source}"
    return error


def _of_environment() -> Place | None:
    if dsn := os.environ.get("STOPGAP_DB", "").strip():
        return Place(dsn, "STOPGAP_DB")
    url = os.environ.get("DATABASE_URL", "").strip()
    if url.startswith(_POSTGRES_URL):
        return Place(url, "DATABASE_URL")
    if url.startswith("postgres"):
        scheme = url.partition(":")[0]
        raise UsageError(
            f"DATABASE_URL begins with {scheme}:, which libpq does not know",
            hint="give --db, or set STOPGAP_DB, with postgresql:// in front",
        )
    names = [name for name in _LIBPQ if os.environ.get(name)]
    return Place("", " and ".join(names)) if names else None


def _local(directory: Path | None) -> Place:
    server = LocalServer.nearest(directory)
    running = server.find()
    if running is None and directory is not None:
        raise UsageError(
            f"no local server runs in {directory}", hint="run `stopgap up`"
        )
    if running is None:
        raise UsageError(
            "no database given, and no local server runs here",
            hint="give --db, set STOPGAP_DB, or run `stopgap up`",
        )
    return Place(running.dsn, is_local=True)


def _without_password(dsn: str) -> str:
    """Return what can be shown: whoever repeats it has the password elsewhere."""
    try:
        parts = conninfo_to_dict(dsn)
    except Exception:
        return "…"
    if "password" not in parts:
        return dsn
    del parts["password"]
    return make_conninfo("", **parts)
