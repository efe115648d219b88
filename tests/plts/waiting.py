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
