"""Opens the client that a verb talks to its database with."""

from __future__ import annotations

from stopgap import Client, connect
from stopgap.cli.options import resolve_dsn
from stopgap.cli.render import print_talk


def open_client(db: str | None, *, quiet: bool) -> Client:
    """Connect to the database of --db; pass on what it remarks unless `quiet`."""
    return connect(resolve_dsn(db), on_notice=None if quiet else print_talk)
