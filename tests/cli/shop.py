"""What several tests of the command line share: a source schema, and its database."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.cli.conftest import Outcome, Run

Connection = psycopg.Connection[Any]


def write(connection: Connection, name: str, code: str) -> None:
    """Write a function of the source schema."""
    connection.execute("create schema if not exists shop")
    connection.execute(
        f"create or replace function shop.{name}(args jsonb) returns jsonb"
        f" language plts as $ts$ {code} $ts$".encode()
    )


@pytest.fixture
def shop(connection: Connection) -> Connection:
    """A source schema with one function, that has one table to write to."""
    connection.execute("create table public.visits (name text)")
    connection.execute("grant insert, select on public.visits to app_user")
    write(
        connection,
        "greet",
        """
        export default async (ctx: Ctx<{ name: string }>) => {
          await ctx.db.exec("insert into public.visits values ($1)", [ctx.args.name]);
          return { greeting: "hello " + ctx.args.name, length: ctx.args.name.length };
        };
        """,
    )
    return connection


@pytest.fixture
def stopgap(run: Run, database: str) -> Run:
    """The command line, with the test's database as its own."""

    def run_there(*arguments: str, **variables: str) -> Outcome:
        return run(*arguments, **{"STOPGAP_DB": database, **variables})

    return run_there


def answer(outcome: Outcome) -> Any:
    """Return the JSON of a command that succeeded."""
    assert outcome.exit_code == 0, outcome.stderr
    return outcome.json


def deploy(stopgap: Run, *more: str) -> Any:
    """Deploy, and return the answer."""
    return answer(stopgap("deploy", "--from-schema", "shop", *more, "--output", "json"))
