"""The client that a verb talks to its database with."""

from __future__ import annotations

from stopgap import Client, StopgapError, connect
from stopgap.cli.options import resolve_dsn
from stopgap.cli.render import print_talk, title


def open_client(db: str | None, *, quiet: bool) -> Client:
    """Connect to the database of --db; pass on what it remarks unless `quiet`."""
    return connect(resolve_dsn(db), on_notice=None if quiet else print_talk)


def title_of(client: Client, env: str, deployment_id: int) -> str:
    """Return the words for a deployment behind a change, which is done without them."""
    try:
        return title(client.deployment(env, deployment_id, with_functions=False))
    except StopgapError:
        return f"deployment {deployment_id}"
