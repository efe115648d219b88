"""The command line of the benchmarks: choose, run, show.

Exit code 1 says that something of ours could not be measured; no time is ever judged.
"""

from __future__ import annotations

import argparse
import fnmatch
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg
from rich.console import Console

from benchmarks import sessions
from benchmarks.call_cases import CASES
from benchmarks.calls import measure
from benchmarks.deployments import deployments
from benchmarks.environments import environments
from benchmarks.report import show, write_json
from benchmarks.result import OURS, Row, WrongResult
from benchmarks.server import Servers, start_servers
from benchmarks.timing import QUICK, THOROUGH, Effort
from benchmarks.triggers import before_insert

_WIDTH = 130
Benchmark = Callable[[Servers, Effort], list[Row]]


def benchmarks(effort: Effort) -> dict[str, Benchmark]:
    """Return every benchmark by its name, in the order in which they run."""
    result: dict[str, Benchmark] = {case.name: _warm(case.name) for case in CASES}
    result["before-insert"] = before_insert
    result["first-call"] = partial(sessions.first_call, preloaded=True)
    result["first-call-plain"] = partial(sessions.first_call, preloaded=False)
    result["new-role"] = sessions.new_role
    result["create-function"] = sessions.create
    result["growth"] = sessions.growth
    for size in effort.deploy_sizes:
        result[f"deploy-{size}"] = partial(deployments, size=size)
    for functions, history in effort.environments:
        result[f"environment-{functions}-{history}"] = partial(
            environments, functions=functions, history=history
        )
    return result


def _warm(name: str) -> Benchmark:
    (case,) = (case for case in CASES if case.name == name)
    return lambda servers, effort: [measure(case, servers, effort)]


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line chooses."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results")
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="run just this one; may be repeated, and may be a pattern such as jsonb-*",
    )
    parser.add_argument("--list", action="store_true", help="print the names, run none")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one short repetition of each: shows that they work, not how fast",
    )
    options = parser.parse_args(arguments)
    effort = QUICK if options.quick else THOROUGH
    known = benchmarks(effort)
    if options.list:
        print("\n".join(known))
        return 0
    chosen = _choose(known, options.only or ["*"])
    if not chosen:
        parser.error(f"no benchmark is called {' or '.join(options.only)}; see --list")
    return _run(chosen, effort, options.json)


def _choose(known: dict[str, Benchmark], patterns: list[str]) -> dict[str, Benchmark]:
    return {
        name: benchmark
        for name, benchmark in known.items()
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    }


def _run(chosen: dict[str, Benchmark], effort: Effort, json_file: Path | None) -> int:
    talk = Console(stderr=True)
    rows: list[Row] = []
    with start_servers() as servers:
        for name, benchmark in chosen.items():
            with talk.status(name):
                rows += _attempt(name, benchmark, servers, effort)
            if not talk.is_terminal:
                talk.print(f"done: {name}", highlight=False)
        # Into a file or a pipe a table may be as wide as it likes to be.
        out = Console(width=None if sys.stdout.isatty() else _WIDTH)
        show(rows, servers.languages, out)
        if json_file is not None:
            write_json(rows, json_file, server_version=_version(servers))
    return 1 if any(OURS in row.failures for row in rows) else 0


def _attempt(
    name: str, benchmark: Benchmark, servers: Servers, effort: Effort
) -> list[Row]:
    """Run one benchmark; what ends it is noted, and the others still run."""
    try:
        return benchmark(servers, effort)
    except (psycopg.Error, WrongResult) as error:
        failures = {OURS: str(error).strip()}
        return [Row(name=name, what=name, unit="", values={}, failures=failures)]


def _version(servers: Servers) -> str:
    with servers.connect(OURS) as session:
        return session.info.parameter_status("server_version") or "unknown"


if __name__ == "__main__":
    sys.exit(main())
