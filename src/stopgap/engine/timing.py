"""Timing: how long a verb waited for locks, compiled and ran DDL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from .database import Database, Row, Severity

LOCK_WAIT = "lock_wait"
COMPILE = "compile"
DDL = "ddl"
TOTAL = "total"

# The queries that take such time; what is executed, and not fetched, is DDL.
_PHASES = {
    "pause": LOCK_WAIT,
    "wait_for_lock": LOCK_WAIT,
    "wait_for_lock_shared": LOCK_WAIT,
    "compile": COMPILE,
    "compile_sources": COMPILE,
    "typecheck": COMPILE,
    "typecheck_sources": COMPILE,
}


class Seconds:
    """The seconds that one call took until now."""

    def __init__(self) -> None:
        self._started = perf_counter()
        self._phases = dict.fromkeys((LOCK_WAIT, COMPILE, DDL), 0.0)

    @contextmanager
    def measured(self, phase: str) -> Iterator[None]:
        """Add what the block takes, also where it fails."""
        started = perf_counter()
        try:
            yield
        finally:
            self._phases[phase] += perf_counter() - started

    def report(self) -> dict[str, float]:
        """Return the seconds of each phase, and of all that was done."""
        taken = {**self._phases, TOTAL: perf_counter() - self._started}
        return {phase: round(seconds, 6) for phase, seconds in taken.items()}


class TimedDatabase(Database):
    """A database whose work is added to the seconds of a call."""

    def __init__(self, database: Database, seconds: Seconds) -> None:
        self._database = database
        self._seconds = seconds

    def fetch(self, query: str, /, **arguments: object) -> list[Row]:
        """Run a query."""
        phase = _PHASES.get(query)
        if phase is None:
            return self._database.fetch(query, **arguments)
        with self._seconds.measured(phase):
            return self._database.fetch(query, **arguments)

    def execute(self, statements: str, /) -> None:
        """Run statements."""
        with self._seconds.measured(DDL):
            self._database.execute(statements)

    def say(self, severity: Severity, text: str, /) -> None:
        """Send a message."""
        self._database.say(severity, text)
