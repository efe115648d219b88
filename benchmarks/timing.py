"""Takes times so that they can be compared: interleaved repetitions and their medians.

Repetitions of the languages take turns, so that what the machine does meanwhile
(another process, a change of its clock) meets all of them alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import psycopg

from benchmarks.result import WrongResult


@dataclass(frozen=True, slots=True)
class Effort:
    """How much measuring: repetitions, and how long each lasts at least."""

    repetitions: int
    seconds: float
    # Deployments take seconds each; they are repeated less often.
    deploy_repetitions: int
    deploy_sizes: tuple[int, ...]
    # Functions and deployments of environments.
    environments: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The medians of those that went through, and why the others did not."""

    values: dict[str, float]
    failures: dict[str, str]

    def times(self, factor: float) -> dict[str, float]:
        """Return the medians in another unit."""
        return {name: value * factor for name, value in self.values.items()}


THOROUGH = Effort(
    repetitions=9,
    seconds=0.15,
    deploy_repetitions=3,
    deploy_sizes=(100, 1000),
    environments=((100, 1000), (1000, 1000), (10_000, 10), (10_000, 1000)),
)
QUICK = Effort(
    repetitions=1,
    seconds=0.0,
    deploy_repetitions=1,
    deploy_sizes=(5,),
    environments=((5, 3),),
)


def stopwatch(action: Callable[[], object]) -> float:
    """Return the seconds that the action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def compete(
    contestants: Mapping[str, Callable[[], Callable[[], float]]], repetitions: int
) -> Outcome:
    """Prepare the contestants, run them in turn, so often, and take their medians.

    One that fails, when prepared or later, is out; the others go on without it.
    """
    samples: dict[str, list[float]] = {}
    failures: dict[str, str] = {}
    runs: dict[str, Callable[[], float]] = {}
    for name, prepare in contestants.items():
        with _failure_of(name, failures):
            runs[name] = prepare()
    for _ in range(repetitions):
        for name, run in runs.items():
            if name not in failures:
                with _failure_of(name, failures):
                    samples.setdefault(name, []).append(run())
    values = {
        name: median(taken) for name, taken in samples.items() if name not in failures
    }
    return Outcome(values, failures)


@contextmanager
def _failure_of(name: str, failures: dict[str, str]) -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, WrongResult) as error:
        failures[name] = str(error).strip()


def calibrate(run: Callable[[int], float], *, seconds: float) -> int:
    """Return how many calls a run of about so many seconds has, having warmed it up."""
    calls = 1
    while True:
        elapsed = run(calls)
        if elapsed >= seconds / 2:
            return max(1, round(calls * seconds / max(elapsed, 1e-9)))
        # A first call has costs that later ones do not: never jump far by it.
        growth = seconds / max(elapsed, 1e-9)
        calls = round(calls * min(max(growth, 1.5), 8)) + 1
