"""Statements that run in the background, and waiting for what they do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psycopg

from tests.plts.support import Connection

# How long anything may take that should take a moment, on a loaded machine.
PATIENCE_SECONDS = 20.0


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds; fail after a while."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.005)


class Running:
    """A statement that runs in a thread of its own."""

    def __init__(self, connection: Connection, statement: str) -> None:
        self.connection = connection
        self.pid = connection.info.backend_pid
        self.error: psycopg.Error | None = None
        self.row: tuple[object, ...] | None = None
        self._statement = statement
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            cursor = self.connection.execute(self._statement.encode())
            self.row = cursor.fetchone() if cursor.description else None
        except psycopg.Error as error:
            self.error = error

    def finish(self) -> psycopg.Error | None:
        """Wait for its end and return the error that it ended with."""
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive(), f"still running: {self._statement}"
        return self.error

    def wait_until_active(self, observer: Connection) -> None:
        """Wait until the server runs it."""

        def active() -> bool:
            row = observer.execute(
                "select state = 'active' and query <> '' and wait_event is null "
                "from pg_stat_activity where pid = %s and query = %s",
                [self.pid, self._statement],
            ).fetchone()
            return row is not None and bool(row[0])

        eventually(active)
        # Past the parser and into the function: its processor time has begun to grow.
        started = _ticks(self.pid)
        eventually(lambda: _ticks(self.pid) > started + 2 or self.error is not None)


def _ticks(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return 1 << 60
    return int(fields[11]) + int(fields[12])
