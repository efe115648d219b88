"""What the soak's sessions do: actions, and the SQLSTATEs that each may end with."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.soak.memory import HEAP_MB, Sample, take
from tests.soak.schema import ROLES, source

Connection = psycopg.Connection[tuple[Any, ...]]
Run = Callable[[Connection, random.Random], None]

# A canceler visits every session at any time.
_CANCELED = "57014"
# What concurrent DDL of others may answer with, in PostgreSQL's own words too.
_CHANGED = frozenset({"42P01", "42703", "42704", "42883", "0A000", "55000", "42804"})


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a session does; `ends` are the SQLSTATEs that it may end with."""

    name: str
    run: Run
    ends: frozenset[str] = frozenset()


def _call(statement: str) -> Run:
    text = statement.encode()

    def run(connection: Connection, _: random.Random) -> None:
        connection.execute(text).fetchall()

    return run


def _with_role(connection: Connection, chance: random.Random) -> None:
    connection.execute(f"set role {chance.choice(ROLES)}".encode())
    try:
        connection.execute("select soak.add_one(1), soak.priced(400)")
    finally:
        if not connection.closed:
            connection.execute("reset role")


def _timed_out(connection: Connection, _: random.Random) -> None:
    connection.execute("set statement_timeout = '30ms'")
    try:
        connection.execute("select soak.endless()")
    finally:
        if not connection.closed:
            connection.execute("reset statement_timeout")


def _temporary(connection: Connection, chance: random.Random) -> None:
    connection.execute("select soak.temporary(%s)", [f"t_{chance.randrange(10**9)}"])


def _live(connection: Connection, chance: random.Random) -> None:
    number = chance.randrange(10)
    statement = f"select soak_live.live_{number}('{{\"n\": 1}}')"
    connection.execute(statement.encode())


def _insert(connection: Connection, _: random.Random) -> None:
    connection.execute("insert into soak.seen (id) select generate_series(1, 20)")
    connection.execute("delete from soak.seen")


CALLER_ACTIONS = (
    Action("int", _call("select soak.add_one(g) from generate_series(1, 50) g")),
    Action(
        "jsonb",
        _call(
            "select soak.document(jsonb_build_object('n', g, 'x', repeat('x', 2000)))"
            " from generate_series(1, 10) g"
        ),
    ),
    Action("composite", _call("select soak.pair_of(g) from generate_series(1, 20) g")),
    Action("set", _call("select * from soak.pairs(50)")),
    Action("row argument", _call("select soak.of_row(row(1, 'a')::soak.pair)")),
    Action("statement", _call("select soak.priced(100)")),
    Action("rows by row type", _call("select soak.rows_by_row()"), _CHANGED),
    Action("caught error", _call("select soak.caught()")),
    Action("thrown error", _call("select soak.throws()"), frozenset({"38000"})),
    Action("unfit result", _call("select soak.unfit()"), frozenset({"42804"})),
    Action("timeout", _timed_out, frozenset({_CANCELED})),
    Action("other role", _with_role),
    Action("temporary table", _temporary),
    Action("trigger", _insert),
    Action(
        "window",
        _call("select soak.rank() over (order by g) from generate_series(1, 20) g"),
    ),
    Action("live function", _live),
)


def _recreate(connection: Connection, _: random.Random) -> None:
    with connection.transaction():
        connection.execute("drop table soak.read_by_row")
        connection.execute("create table soak.read_by_row (a int, b text)")
        connection.execute("grant all on soak.read_by_row to public")


def _add_column(connection: Connection, chance: random.Random) -> None:
    name = f"c_{chance.randrange(10**9)}"
    for change in (f"add column {name} int", f"drop column {name}"):
        connection.execute(f"alter table soak.read_by_row {change}".encode())


def _replace(connection: Connection, chance: random.Random) -> None:
    number = chance.randrange(1_000)
    connection.execute(
        "create or replace function soak.add_one(n int) returns int language plts as"
        f" 'return n! + 1 + {number} - {number}'".encode()
    )


def _schemas(connection: Connection, chance: random.Random) -> None:
    name = f"other_{chance.randrange(10**9)}"
    connection.execute(f"create schema {name}; drop schema {name}".encode())


def _temporaries(connection: Connection, chance: random.Random) -> None:
    name = f"other_{chance.randrange(10**9)}"
    for number in range(10):
        connection.execute(f"create temp table {name}_{number} (a int)".encode())
    for number in range(10):
        connection.execute(f"drop table {name}_{number}".encode())


CHANGER_ACTIONS = (
    Action("table made anew", _recreate),
    Action("column", _add_column),
    Action("function replaced", _replace),
    Action("schema", _schemas),
    Action("temporary tables", _temporaries),
)


def _deploy(connection: Connection, chance: random.Random) -> None:
    connection.execute(source(chance.randrange(1_000_000)).encode())
    connection.execute("select stopgap.deploy('soak', 'soak_src')")


def _roll_back(connection: Connection, _: random.Random) -> None:
    connection.execute("select stopgap.rollback('soak')")


def _collect(connection: Connection, _: random.Random) -> None:
    connection.execute("""select stopgap.gc('{"keep": 20, "grace": "0"}')""")


DEPLOYER_ACTIONS = (
    Action("deploy", _deploy),
    Action("rollback", _roll_back, frozenset({"SG203", "SG204", "SG206", "SG205"})),
    Action("gc", _collect),
    Action("status", _call("select stopgap.status('soak'), stopgap.verify()")),
)


@dataclass
class Actor:
    """A session that goes on doing things until it is told to stop."""

    name: str
    dsn: str
    actions: tuple[Action, ...]
    seed: int
    pause: float = 0.0
    done: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    pid: int = 0

    def run(self, stop: threading.Event, *, every: float) -> None:
        """Do one after the other, and look at the session's memory `every` seconds."""
        chance = random.Random(self.seed)
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.prepare_threshold = None
            connection.execute(f"set plts.max_heap_mb = {HEAP_MB}".encode())
            self.pid = connection.info.backend_pid
            look_at = time.monotonic() + every
            while not stop.is_set() and not self.failures:
                self._act(connection, chance.choice(self.actions), chance)
                if time.monotonic() >= look_at:
                    self._look(connection)
                    look_at = time.monotonic() + every
                if self.pause:
                    stop.wait(self.pause)

    def _act(
        self, connection: Connection, action: Action, chance: random.Random
    ) -> None:
        try:
            action.run(connection, chance)
            self.done[action.name] += 1
        except psycopg.Error as error:
            state = error.sqlstate or "connection lost"
            self.ended[state] += 1
            if state not in action.ends | {_CANCELED} or connection.closed:
                self.failures.append(f"{self.name}, {action.name}: {state}: {error}")

    def _look(self, connection: Connection) -> None:
        # A cancel may come here as anywhere.
        for _ in range(10):
            try:
                self.samples.append(take(connection))
                return
            except psycopg.errors.QueryCanceled:
                continue


def cancel_at_random(
    dsn: str, actors: list[Actor], stop: threading.Event, seed: int
) -> int:
    """Cancel whatever the sessions do, now and then; return how often."""
    chance = random.Random(seed)
    count = 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        while not stop.wait(chance.uniform(0.05, 0.4)):
            pid = chance.choice(actors).pid
            connection.execute("select pg_cancel_backend(%s)", [pid])
            count += 1
    return count


def terminate_at_random(dsn: str, stop: threading.Event, seed: int) -> int:
    """End sessions of our own in the middle of a call; return how many."""
    chance = random.Random(seed)
    count = 0
    with psycopg.connect(dsn, autocommit=True) as killer:
        while not stop.wait(chance.uniform(0.2, 1.0)):
            victim = psycopg.connect(dsn, autocommit=True)
            thread = threading.Thread(target=_endless, args=(victim,))
            thread.start()
            stop.wait(chance.uniform(0.0, 0.1))
            pid = victim.info.backend_pid
            killer.execute("select pg_terminate_backend(%s)", [pid])
            thread.join(60)
            victim.close()
            count += 1
    return count


def _endless(connection: Connection) -> None:
    try:
        connection.execute("select soak.endless()")
    except psycopg.Error:
        return
