"""The private servers that benchmarks run on: one preloads plts, the other does not.

Both have PostgreSQL's default settings but for what would only add noise.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.languages import LANGUAGES, UNPRELOADED, available
from stopgap.server import Cluster, build_tree, server_account
from stopgap.server.cluster import free_port
from stopgap.server.tree import find_extensions

DATABASE = "bench"
_PRELOADED = {"shared_preload_libraries": "plts", "plts.prewarm": "on"}
# The just-in-time compiler of queries and autovacuum start when they like.
_QUIET = {"jit": "off", "autovacuum": "off"}


@dataclass(frozen=True, slots=True)
class Servers:
    """The two servers and the languages that both have."""

    preloaded: str
    plain: str
    languages: tuple[str, ...]

    def connect(
        self, language: str, *, preloaded: bool = True
    ) -> psycopg.Connection[Any]:
        """Open a new session for one language, on the server that suits it."""
        suits = preloaded and language not in UNPRELOADED
        return psycopg.connect(self.preloaded if suits else self.plain, autocommit=True)

    def both(self) -> Iterator[tuple[psycopg.Connection[Any], list[str]]]:
        """Open a session on each server in turn, with the languages that it has."""
        with psycopg.connect(self.preloaded, autocommit=True) as session:
            yield session, [name for name in self.languages if name not in UNPRELOADED]
        with psycopg.connect(self.plain, autocommit=True) as session:
            yield session, list(self.languages)


@contextmanager
def start_servers() -> Iterator[Servers]:
    """Run both servers, each with a database that has every language there is."""
    account = server_account()
    folder = Path(tempfile.mkdtemp(prefix="stopgap-bench-"))
    folder.chmod(0o755)
    tree = build_tree(folder / "tree", extensions=find_extensions())
    clusters: list[Cluster] = []
    dsns: list[str] = []
    try:
        for name, settings in (("preloaded", _PRELOADED), ("plain", {})):
            home = folder / name
            home.mkdir(mode=0o755)
            cluster = Cluster(home, tree, account)
            cluster.initialise(password="not used here")
            running = cluster.start(port=free_port(), settings=_QUIET | settings)
            clusters.append(cluster)
            with psycopg.connect(
                cluster.dsn(port=running.port, database="postgres"), autocommit=True
            ) as connection:
                connection.execute(f"create database {DATABASE}".encode())
            dsns.append(cluster.dsn(port=running.port, database=DATABASE))
            languages = _install(dsns[-1], preloaded=bool(settings))
        yield Servers(preloaded=dsns[0], plain=dsns[1], languages=languages)
    finally:
        for cluster in clusters:
            cluster.stop()
        shutil.rmtree(folder)


def _install(dsn: str, *, preloaded: bool) -> tuple[str, ...]:
    """Create every extension that can live on the server; return the languages."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        languages = available(connection)
    for language in languages:
        if preloaded and language in UNPRELOADED:
            continue
        # In a session each: creating one loads its V8, which keeps out another's.
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("set client_min_messages = warning")
            extension = sql.Identifier(LANGUAGES[language])
            create = sql.SQL("create extension if not exists {} cascade")
            connection.execute(create.format(extension))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create extension stopgap")
        connection.execute("create schema bench")
    return tuple(languages)
