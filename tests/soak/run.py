"""One run of the soak: the server, the sessions, and the verdict."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from stopgap.server import build_tree, server_account
from stopgap.server.tree import find_extensions
from tests.fixtures.cluster import PRELOADED, RunningCluster, running_cluster
from tests.soak.actors import (
    CALLER_ACTIONS,
    CHANGER_ACTIONS,
    DEPLOYER_ACTIONS,
    Action,
    Actor,
    cancel_at_random,
    terminate_at_random,
)
from tests.soak.memory import judge
from tests.soak.schema import SETUP, roles, source

DATABASE = "soak"
_LIVE = "soak_live"
_SAMPLES = 60
# V8's heap and PostgreSQL's caches have the size that they keep by then.
WARM_UP_SECONDS = 90.0
_CRASH = re.compile(r"was terminated by signal|exited with exit code|PANIC")


@dataclass
class Outcome:
    """What was done, how it ended, and what must not have been."""

    done: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    # Of each calling session: its private memory in its first and its last sample.
    private_kb: list[tuple[int, int]] = field(default_factory=list)
    # Whether it went on for long enough to say whether anything grows.
    judged: bool = True
    canceled: int = 0
    terminated: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing grew, crashed or ended as it should not."""
        return not self.failures


def soak(
    folder: Path,
    *,
    seconds: float,
    sessions: int,
    seed: int,
    callers: Sequence[Action] = CALLER_ACTIONS,
    warm_up: float = WARM_UP_SECONDS,
) -> Outcome:
    """Run everything at once on a server of its own below `folder`.

    What sessions have grown by in their first `warm_up` seconds does not count.
    """
    tree = build_tree(folder / "tree", extensions=find_extensions())
    with running_cluster(
        folder / "server", tree, server_account(), PRELOADED
    ) as server:
        _prepare(server)
        outcome = _run(
            server.dsn(DATABASE), tuple(callers), seconds, sessions, seed, warm_up
        )
        log = server.cluster.log_tail(lines=1_000_000)
    outcome.failures += [line for line in log if _CRASH.search(line)][:10]
    return outcome


def _prepare(server: RunningCluster) -> None:
    with server.connect() as connection:
        connection.execute(f"create database {DATABASE}".encode())
    with server.connect(DATABASE) as connection:
        connection.execute("set client_min_messages = warning")
        connection.execute("create extension stopgap cascade")
        connection.execute(SETUP.encode())
        connection.execute(roles().encode())
        connection.execute(source(0).encode())
        connection.execute(f"set stopgap.live_schema = '{_LIVE}'".encode())
        connection.execute("select stopgap.deploy('soak', 'soak_src')")


def _run(
    dsn: str,
    callers: tuple[Action, ...],
    seconds: float,
    sessions: int,
    seed: int,
    warm_up: float,
) -> Outcome:
    actors = [
        Actor(f"caller {number}", dsn, callers, seed + number)
        for number in range(sessions)
    ]
    others = [
        Actor("changer", dsn, CHANGER_ACTIONS, seed + 100, pause=0.2),
        Actor("deployer", dsn, DEPLOYER_ACTIONS, seed + 101, pause=0.3),
    ]
    stop = threading.Event()
    every = seconds / _SAMPLES
    outcome = Outcome()
    with ThreadPoolExecutor(len(actors) + len(others) + 2) as pool:
        running = [pool.submit(each.run, stop, every=every) for each in actors + others]
        try:
            _wait_until_connected(actors, stop)
            canceled = pool.submit(cancel_at_random, dsn, actors, stop, seed + 200)
            terminated = pool.submit(terminate_at_random, dsn, stop, seed + 201)
            # A session that fails ends at once, and so does the run.
            _wait(seconds, actors + others, stop)
        finally:
            stop.set()
        for each in running:
            if (error := each.exception()) is not None:
                outcome.failures.append(f"{type(error).__name__}: {error}")
        outcome.canceled, outcome.terminated = canceled.result(), terminated.result()
    for actor in actors + others:
        outcome.done += actor.done
        outcome.ended += actor.ended
        outcome.failures += actor.failures
        growths = judge(actor.samples, warm_up=warm_up) if actor.samples else None
        outcome.judged = outcome.judged and growths is not None
        outcome.failures += [f"{actor.name} grew: {each}" for each in growths or ()]
        if actor.samples:
            outcome.private_kb.append(
                (actor.samples[0].private_kb, actor.samples[-1].private_kb)
            )
    return outcome


def _wait_until_connected(actors: Sequence[Actor], stop: threading.Event) -> None:
    for _ in range(600):
        if all(actor.pid for actor in actors):
            return
        stop.wait(0.05)
    raise psycopg.OperationalError("the sessions of the soak did not connect")


def _wait(seconds: float, actors: Sequence[Actor], stop: threading.Event) -> None:
    for _ in range(int(seconds * 2)):
        if any(actor.failures for actor in actors):
            return
        stop.wait(0.5)
