"""What deployments cost: of functions new, stored, changed in one, unchanged; rollback.

Each step runs in a session of its own, as the command line's verbs do, and only the
call of the engine is timed. Beside it stands what a migration without stopgap does: one
transaction that creates or replaces every function, in PL/pgSQL and in PL/Python.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from benchmarks.result import Aim, Row, WrongResult
from benchmarks.server import Servers
from benchmarks.timing import Effort, stopwatch

_DATABASE = "bench_deploy"
_SIGNATURE = "(args jsonb) returns jsonb"
_BODIES = {
    "plts": """import {{ query, v }} from "@stopgap/runtime";

type Row = {{ value: number }};

export default query(v.object({{ id: v.int() }}), async ({{ id }}, ctx) => {{
  const rows = await ctx.db.query<Row>("select $1::int * {n} as value", [id]);
  const [row] = rows;
  return {{ version: "{version}", value: row === undefined ? null : row.value }};
}});
""",
    "plpgsql": """
declare result integer;
begin
  select (args ->> 'id')::integer * {n} into result;
  return jsonb_build_object('version', '{version}', 'value', result);
end
""",
    "plpython3u": """
import json
rows = plpy.execute("select %d * {n} as value" % json.loads(args[0])["id"])
return json.dumps({{"version": "{version}", "value": rows[0]["value"]}})
""",
}
_TITLES = {
    "compile": "all to compile",
    "none": "none changed",
    "one": "one changed",
    "stored": "artifacts stored, a new environment",
    "diff": "diff, all changed",
    "plan": "plan, all changed and to compile",
    "rollback": "rollback, all changed",
}
_SECONDS = {"compile": 6.0, "none": 0.3, "one": 0.5, "stored": 1.0}
_SECONDS |= {"diff": 0.5, "rollback": 0.5}
_AIMED_AT = 1000


def deployments(servers: Servers, effort: Effort, *, size: int) -> list[Row]:
    """Measure every step with so many functions, in a new database each time."""
    samples: dict[str, dict[str, list[float]]] = {
        step: {"plts": []} for step in _TITLES
    }
    for _ in range(effort.deploy_repetitions):
        dsn = new_database(servers)
        for step, seconds in _steps(dsn, size).items():
            samples[step]["plts"].append(seconds)
        for language, column in (("plpgsql", "plpgsql"), ("plpython3u", "plpython")):
            for step, seconds in _migration(dsn, language, size).items():
                samples[step].setdefault(column, []).append(seconds)
    return [
        Row(
            name=f"deploy-{size}-{step}",
            what=f"{size:,} functions: {title}",
            unit="ms",
            values={
                language: median(values) * 1e3
                for language, values in samples[step].items()
            },
            aim=_aim(step) if size == _AIMED_AT else None,
        )
        for step, title in _TITLES.items()
    ]


def _aim(step: str) -> Aim | None:
    seconds = _SECONDS.get(step)
    return None if seconds is None else Aim(seconds * 1e3)


def _steps(dsn: str, size: int) -> dict[str, float]:
    """Go through the steps of one environment's life and return their seconds."""
    taken: dict[str, float] = {}
    run(dsn, _sources("plts", "bench_src", "a", range(1, size + 1)))
    taken["compile"] = timed(dsn, _deploy("prod"))
    _expect_version(dsn, "live_deployment", size, "a")
    taken["none"] = timed(dsn, _deploy("prod"))
    run(dsn, _sources("plts", "bench_src", "b", [size]))
    taken["one"] = timed(dsn, _deploy("prod"))
    _expect_version(dsn, "live_deployment", size, "b")
    taken["stored"] = timed(dsn, _deploy("stage"))
    _expect_version(dsn, "live_deployment_stage", 1, "a" if size > 1 else "b")
    run(dsn, _sources("plts", "bench_src", "c", range(1, size + 1)))
    diff = "select stopgap.diff('prod', 'bench_src') -> 'summary' ->> 'changed'"
    taken["diff"] = timed(dsn, diff, expected=str(size))
    plan = "select stopgap.plan('prod', 'bench_src') -> 'summary' ->> 'changed'"
    taken["plan"] = timed(dsn, plan, expected=str(size))
    run(dsn, [_deploy("prod")])
    _expect_version(dsn, "live_deployment", 1, "c")
    taken["rollback"] = timed(dsn, "select stopgap.rollback('prod')")
    _expect_version(dsn, "live_deployment", 1, "a" if size > 1 else "b")
    return taken


def _migration(dsn: str, language: str, size: int) -> dict[str, float]:
    """Create all functions in one transaction, then go back to another version."""
    schema = f"migrated_{language}"
    run(dsn, [f"create schema {schema}"])
    forward = ";".join(_sources(language, schema, "a", range(1, size + 1)))
    back = ";".join(_sources(language, schema, "b", range(1, size + 1)))
    taken = {"compile": timed(dsn, forward), "rollback": timed(dsn, back)}
    _expect_version(dsn, schema, size, "b")
    return taken


def _deploy(env: str) -> str:
    return f"select stopgap.deploy('{env}', 'bench_src')"


def _sources(
    language: str, schema: str, version: str, numbers: range | list[int]
) -> list[str]:
    """Return the statements that create the functions of these numbers."""
    return [
        f"create or replace function {schema}.function_{n}{_SIGNATURE}"
        f" language {language} as $bench$"
        f"{_BODIES[language].format(n=n, version=version)}$bench$"
        for n in numbers
    ]


def run(dsn: str, statements: list[str]) -> None:
    """Run statements in one transaction of a session of their own."""
    with psycopg.connect(dsn) as session:
        # Deploys are to compile, not CREATE FUNCTION before them.
        session.execute("set local check_function_bodies = off")
        session.execute(";".join(statements).encode())


def timed(dsn: str, statement: str, *, expected: str | None = None) -> float:
    """Return the seconds that a statement and its commit take in a new session."""
    with psycopg.connect(dsn) as session:
        cursor = session.cursor()
        seconds = stopwatch(_executed_and_committed(session, cursor, statement))
        if expected is not None and cursor.fetchone() != (expected,):
            raise WrongResult(f"{statement} is not {expected}")
    return seconds


def _executed_and_committed(
    session: psycopg.Connection[Any], cursor: psycopg.Cursor[Any], statement: str
) -> Callable[[], None]:
    def run() -> None:
        cursor.execute(statement.encode())
        session.commit()

    return run


def _expect_version(dsn: str, schema: str, number: int, version: str) -> None:
    call = f"""select {schema}.function_{number}('{{"id": 2}}')"""
    answer = {"version": version, "value": 2 * number}
    with psycopg.connect(dsn) as session:
        row = session.execute(call.encode()).fetchone()
    if row != (answer,):
        raise WrongResult(f"{call} is {row}, not {answer}")


def new_database(servers: Servers) -> str:
    """Make a database with the extensions, and return its DSN."""
    name = sql.Identifier(_DATABASE)
    with psycopg.connect(servers.preloaded, autocommit=True) as session:
        drop = sql.SQL("drop database if exists {} with (force)")
        session.execute(drop.format(name))
        session.execute(sql.SQL("create database {}").format(name))
    dsn = make_conninfo(servers.preloaded, dbname=_DATABASE)
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute("set client_min_messages = warning")
        session.execute("create extension stopgap cascade")
        session.execute("create schema bench_src")
    return dsn
