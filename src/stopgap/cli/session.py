"""The client that a verb talks to its database with."""

from __future__ import annotations

import os
from pathlib import Path

from stopgap import Client, ConnectionFailed, StopgapError, UsageError, connect
from stopgap.cli.place import explain, find_place
from stopgap.cli.render import print_talk, title
from stopgap.transport import FAILOVER_SECONDS

FAILOVER_VARIABLE = "STOPGAP_FAILOVER_SECONDS"


def open_client(db: str | None, directory: Path | None, *, quiet: bool) -> Client:
    """Connect to the database that is named; pass on its remarks unless `quiet`."""
    place = find_place(db, directory)
    try:
        return connect(
            place.dsn,
            on_notice=None if quiet else print_talk,
            failover_seconds=_failover_seconds(),
        )
    except (ConnectionFailed, UsageError) as error:
        raise explain(error, place) from error


def _failover_seconds() -> float:
    """Return how long to ask about a COMMIT whose answer was lost."""
    given = os.environ.get(FAILOVER_VARIABLE)
    if not given:
        return FAILOVER_SECONDS
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise UsageError(
            f"{FAILOVER_VARIABLE} is {given!r}", hint="it is a number of seconds"
        )
    return seconds


def title_of(client: Client, env: str, deployment_id: int) -> str:
    """Return the words for a deployment behind a change, which is done without them."""
    try:
        return title(client.deployment(env, deployment_id, with_functions=False))
    except StopgapError:
        return f"deployment {deployment_id}"
