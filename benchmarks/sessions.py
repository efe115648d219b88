"""What a new session pays: its first call, its memory, a new role, CREATE FUNCTION."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.call_cases import ADD
from benchmarks.languages import create_function
from benchmarks.result import Aim, Row, WrongResult
from benchmarks.server import Servers
from benchmarks.timing import Effort, Outcome, compete, stopwatch

_MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ ...(?P<sharing>[ps]) ")
_PRIVATE = re.compile(r"Private_Dirty: +(?P<kilobytes>\d+) kB")
_CALLS = 1_000_000
_CALLS_BEFORE = 100_000
_ROLES = 20

# A function of ordinary size, {n} making each a new text.
_ORDINARY = {
    "plts": """import {{ query, v }} from "@stopgap/runtime";

type Row = {{ id: number; value: number }};

const args = v.object({{ from: v.int(), limit: v.default(v.int(), {n}) }});

export default query(args, async ({{ from, limit }}, ctx) => {{
  const rows = await ctx.db.query<Row>(
    "select n as id, n * 2 as value from generate_series($1::int, $2::int) as n",
    [from, from + limit],
  );
  const total = rows.reduce((sum, row) => sum + row.value, 0);
  return {{ total, rows: rows.length, first: rows[0]?.id ?? null }};
}});
""",
    "plpgsql": """
declare
  total integer := 0; number integer := 0; row record; first integer;
begin
  for row in
    select n as id, n * 2 as value
    from generate_series((args ->> 'from')::int, (args ->> 'from')::int + {n}) as n
  loop
    first := coalesce(first, row.id);
    total := total + row.value;
    number := number + 1;
  end loop;
  return jsonb_build_object('total', total, 'rows', number, 'first', first);
end
""",
    "plpython": """
import json
start = json.loads(args[0])["from"]
rows = plpy.execute(
    "select n as id, n * 2 as value from generate_series(%d, %d) as n"
    % (start, start + {n})
)
total = sum(row["value"] for row in rows)
first = rows[0]["id"] if len(rows) else None
return json.dumps({{"total": total, "rows": len(rows), "first": first}})
""",
    "plv8": """
const rows = plv8.execute(
  "select n as id, n * 2 as value from generate_series($1::int, $2::int) as n",
  [args.from, args.from + {n}],
);
const total = rows.reduce((sum, row) => sum + row.value, 0);
return {{ total, rows: rows.length, first: rows.length > 0 ? rows[0].id : null }};
""",
    "pljs": """
const rows = pljs.execute(
  "select n as id, n * 2 as value from generate_series($1::int, $2::int) as n",
  [args.from, args.from + {n}],
);
const total = rows.reduce((sum, row) => sum + row.value, 0);
return {{ total, rows: rows.length, first: rows.length > 0 ? rows[0].id : null }};
""",
}
_numbers = itertools.count(1)


def first_call(servers: Servers, effort: Effort, *, preloaded: bool) -> list[Row]:
    """Measure the first call of a fresh connection, and its private memory after it."""
    memory: dict[str, list[int]] = {}

    def prepare(language: str) -> Callable[[], float]:
        call = _add(language)

        def run() -> float:
            with servers.connect(language, preloaded=preloaded) as session:
                seconds = stopwatch(lambda: _expect(session, call, 2))
                memory.setdefault(language, []).append(_private_kilobytes(session))
            return seconds

        return run

    outcome = _in_all(servers, prepare, effort)
    return [
        Row(
            name="first-call" if preloaded else "first-call-plain",
            what="first call of a fresh connection, "
            + ("preloaded" if preloaded else "not preloaded"),
            unit="ms",
            values=outcome.times(1e3),
            failures=outcome.failures,
            aim=Aim(1.5 if preloaded else 40),
        ),
        Row(
            name="memory" if preloaded else "memory-plain",
            what="private memory after it, "
            + ("preloaded" if preloaded else "not preloaded"),
            unit="MB",
            values={name: min(sizes) / 1024 for name, sizes in memory.items()},
            aim=Aim(3.0) if preloaded else None,
        ),
    ]


def new_role(servers: Servers, effort: Effort) -> list[Row]:
    """Measure the first call under a role that the session has not had yet."""
    for session, _ in servers.both():
        for number in range(_ROLES):
            _ensure_role(session, f"bench_role_{number}")
    sessions = ExitStack()

    def prepare(language: str) -> Callable[[], float]:
        session = sessions.enter_context(servers.connect(language))
        call = _add(language)
        _expect(session, call, 2)
        roles = (f"bench_role_{number}" for number in range(_ROLES))

        def run() -> float:
            session.execute(f"set role {next(roles)}".encode())
            seconds = stopwatch(lambda: _expect(session, call, 2))
            session.execute("reset role")
            return seconds

        return run

    with sessions:
        outcome = _in_all(servers, prepare, effort)
    return [
        Row(
            name="new-role",
            what="first call under a role new to the session",
            unit="ms",
            values=outcome.times(1e3),
            failures=outcome.failures,
            aim=Aim(2.0),
        )
    ]


def create(servers: Servers, effort: Effort) -> list[Row]:
    """Measure the second CREATE FUNCTION of a session, type check and all."""

    def prepare(language: str) -> Callable[[], float]:
        with servers.connect(language) as session:
            limit = _create_ordinary(session, language)
            arguments = f'{{"from": 1, "limit": {limit}}}'
            call = f"select bench.ordinary_{language}('{arguments}') -> 'total'"
        with servers.connect(language) as session:
            _expect(session, call, (limit + 1) * (limit + 2))

        def run() -> float:
            with servers.connect(language) as session:
                _create_ordinary(session, language)
                return stopwatch(lambda: _create_ordinary(session, language))

        return run

    outcome = _in_all(servers, prepare, effort)
    return [
        Row(
            name="create-function",
            what="CREATE FUNCTION with type check, second of a session",
            unit="ms",
            values=outcome.times(1e3),
            failures=outcome.failures,
            aim=Aim(15.0),
        )
    ]


def growth(servers: Servers, effort: Effort) -> list[Row]:
    """Measure by how much a session grows in a million calls, after the first ones."""
    calls = _CALLS if effort.seconds else 1000
    values: dict[str, float] = {}
    _create_adds(servers)
    for language in servers.languages:
        with servers.connect(language) as session:
            calls_of = "select count({}(i)) from generate_series(1, %s) as i"
            many = calls_of.format(f"bench.add_{language}").encode()
            session.execute(many, [min(calls, _CALLS_BEFORE)])
            before = _private_kilobytes(session)
            session.execute(many, [calls])
            values[language] = (_private_kilobytes(session) - before) / 1024
    return [
        Row(
            name="growth",
            what=f"memory that a session gains in {calls:,} calls",
            unit="MB",
            values=values,
        )
    ]


def _in_all(
    servers: Servers, prepare: Callable[[str], Callable[[], float]], effort: Effort
) -> Outcome:
    _create_adds(servers)
    contestants = {
        language: partial(prepare, language) for language in servers.languages
    }
    return compete(contestants, effort.repetitions)


def _create_adds(servers: Servers) -> None:
    for session, languages in servers.both():
        for language in languages:
            version = ADD.version(language)
            if version is not None:
                name, body = f"bench.add_{language}", version.body
                create = create_function(language, name, version.signature, body)
                session.execute(create.encode())


def _add(language: str) -> str:
    return f"select bench.add_{language}(1)"


def _create_ordinary(session: psycopg.Connection[Any], language: str) -> int:
    """Create a function that no session has created yet; return its number."""
    number = next(_numbers)
    body = _ORDINARY[language].format(n=number)
    name, signature = f"bench.ordinary_{language}", "(args jsonb) returns jsonb"
    session.execute(create_function(language, name, signature, body).encode())
    return number


def _expect(session: psycopg.Connection[Any], query: str, expected: object) -> None:
    row = session.execute(query.encode()).fetchone()
    if row != (expected,):
        raise WrongResult(f"{query} is {row}, not {expected}")


def _ensure_role(session: psycopg.Connection[Any], role: str) -> None:
    known = session.execute(
        "select true from pg_catalog.pg_roles where rolname = %s", [role]
    )
    if known.fetchone() is None:
        session.execute(f"create role {role}".encode())
    session.execute(f"grant usage on schema bench to {role}".encode())


def _private_kilobytes(session: psycopg.Connection[Any]) -> int:
    """Return the memory that the session wrote to and shares with no other process.

    Mappings of shared memory do not count: a page of PostgreSQL's buffers is "private"
    to the kernel as long as one process only has touched it.
    """
    maps = Path(f"/proc/{session.info.backend_pid}/smaps").read_text()
    total, counts = 0, False
    for line in maps.splitlines():
        if mapping := _MAPPING.match(line):
            counts = mapping["sharing"] == "p"
        elif counts and (dirty := _PRIVATE.match(line)):
            total += int(dirty["kilobytes"])
    return total
