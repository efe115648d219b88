"""What a trigger costs: a BEFORE INSERT row trigger that changes a column of NEW.

Every language has a table of its own, into which one statement inserts rows; the time
of the statement, the inserts themselves included, is divided by their number.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import psycopg

from benchmarks.languages import create_function
from benchmarks.result import Aim, Row, WrongResult
from benchmarks.server import Servers
from benchmarks.timing import Effort, calibrate, compete, stopwatch

_BODIES = {
    "plts": "ctx.trigger.new.value += 1;",
    "plpgsql": "begin new.value := new.value + 1; return new; end",
    "plpython": "TD['new']['value'] += 1\nreturn 'MODIFY'",
    "plv8": "NEW.value += 1; return NEW;",
    "pljs": "NEW.value += 1; return NEW;",
}


def before_insert(servers: Servers, effort: Effort) -> list[Row]:
    """Time the trigger in every language that the servers have."""
    with ExitStack() as sessions:
        contestants: dict[str, Callable[[], Callable[[], float]]] = {
            language: partial(
                _prepare,
                language,
                sessions.enter_context(servers.connect(language)),
                servers,
                effort,
            )
            for language in servers.languages
        }
        outcome = compete(contestants, effort.repetitions)
    return [
        Row(
            name="before-insert",
            what="INSERT with a BEFORE row trigger that changes NEW",
            unit="µs",
            values=outcome.times(1e6),
            aim=Aim(1.5, times="plpgsql"),
            failures=outcome.failures,
        )
    ]


def _prepare(
    language: str, session: psycopg.Connection[Any], servers: Servers, effort: Effort
) -> Callable[[], float]:
    table = f"bench.inserted_{language}"
    function = f"bench.before_insert_{language}"
    create = create_function(
        language, function, "() returns trigger", _BODIES[language], strict=False
    )
    with servers.connect(language) as author:
        author.execute(create.encode())
        author.execute(f"drop table if exists {table}".encode())
        author.execute(
            f"create unlogged table {table} (id integer, name text, "
            "amount double precision, made timestamptz, value integer)".encode()
        )
        author.execute(
            f"create trigger t before insert on {table} "
            f"for each row execute function {function}()".encode()
        )

    def run(rows: int) -> float:
        session.execute(f"truncate {table}".encode())
        insert = (
            f"insert into {table} select i, 'name', i / 2.0, now(), i "
            f"from generate_series(1, {rows}) as i"
        )
        return stopwatch(lambda: session.execute(insert.encode()))

    run(3)
    values = session.execute(f"select sum(value) from {table}".encode()).fetchone()
    if values != (9,):
        raise WrongResult(f"the trigger made {values}")
    rows = calibrate(run, seconds=effort.seconds)
    return lambda: run(rows) / rows
