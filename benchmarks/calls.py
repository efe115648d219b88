"""What a warm call costs: a function called for each number of generate_series.

Every language is measured by the same statement, the loop over the numbers included, in
a session of its own. A result is compared before anything is timed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg

from benchmarks.languages import create_function
from benchmarks.result import Aim, Row, WrongResult
from benchmarks.server import Servers
from benchmarks.timing import Effort, calibrate, compete, stopwatch

_SCALES = {"µs": 1e6, "ms": 1e3}


@dataclass(frozen=True, slots=True)
class Version:
    """The function in one language, where it is not (signature, body) of the case."""

    signature: str
    body: str
    argument: str


@dataclass(frozen=True, slots=True)
class Case:
    """One function, written in each language, and the call that is timed.

    `argument` is evaluated for each number i, beside the column `doc` of `source`.
    """

    name: str
    what: str
    signature: str
    argument: str
    bodies: dict[str, str | Version]
    result: str
    aim: Aim
    unit: str = "µs"
    source: str = "(select null::jsonb as doc)"
    setup: tuple[str, ...] = field(default=())

    def version(self, language: str) -> Version | None:
        """Return the function as the language has it, None where it has none."""
        body = self.bodies.get(language)
        if isinstance(body, str):
            return Version(self.signature, body, self.argument)
        return body


def measure(case: Case, servers: Servers, effort: Effort) -> Row:
    """Time the case in every language that the servers have."""
    for session, _ in servers.both():
        for statement in case.setup:
            session.execute(statement.encode())
    with ExitStack() as sessions:
        contestants: dict[str, Callable[[], Callable[[], float]]] = {}
        for language in servers.languages:
            version = case.version(language)
            if version is not None:
                session = sessions.enter_context(servers.connect(language))
                contestants[language] = partial(
                    _prepare, case, version, language, session, servers, effort
                )
        outcome = compete(contestants, effort.repetitions)
    return Row(
        name=case.name,
        what=case.what,
        unit=case.unit,
        values=outcome.times(_SCALES[case.unit]),
        aim=case.aim,
        failures=outcome.failures,
    )


def _prepare(
    case: Case,
    version: Version,
    language: str,
    session: psycopg.Connection[Any],
    servers: Servers,
    effort: Effort,
) -> Callable[[], float]:
    name = f"bench.{case.name.replace('-', '_')}_{language}"
    create = create_function(language, name, version.signature, version.body)
    with servers.connect(language) as author:
        # Callers are other sessions than authors, and have no compiler in them.
        author.execute(create.encode())
    call = f"{name}({version.argument})"
    # As text: one language's version may return integer where another's returns jsonb.
    check = f"({call})::text is not distinct from ({case.result})::text"
    if any(row != (True,) for row in session.execute(_loop(case, check, calls=3))):
        raise WrongResult(f"{call} is not {case.result}")

    def run(calls: int) -> float:
        loop = _loop(case, f"count({call})", calls)
        return stopwatch(lambda: session.execute(loop).fetchone())

    calls = calibrate(run, seconds=effort.seconds)
    return lambda: run(calls) / calls


def _loop(case: Case, selected: str, calls: int) -> bytes:
    # A document is materialized so that it lies in memory, whole and uncompressed.
    return (
        f"with source as materialized {case.source}"
        f" select {selected} from source, generate_series(1, {calls}) as i"
    ).encode()
