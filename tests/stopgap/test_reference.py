"""The keys of each function's JSON are those that its reference lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

Connection = psycopg.Connection[Any]

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "sql.md").read_text()


def section(title: str) -> str:
    """Return what the reference says below a heading."""
    start = TEXT.index(f"## {title}\n")
    return TEXT[start : TEXT.find("\n#", start)]


def example(title: str) -> Any:
    """Return the example of an answer that a section has."""
    found = re.search(r"```json\n(.*?)```", section(title), re.DOTALL)
    assert found is not None, title
    return json.loads(found[1])


def listed(title: str, start: str) -> set[str]:
    """Return the keys that a section lists in a span of code that starts so."""
    for span in re.findall(r"`([^`]+)`", section(title)):
        if span.startswith(start):
            return set(re.findall(r'"(\w+)"', span))
    raise AssertionError(f"{title} has no span {start}")


def opaque(value: Any) -> set[str]:
    """Return the keys of an example whose objects are described elsewhere."""
    if isinstance(value, dict):
        here = {key for key, each in value.items() if each == {}}
        return here.union(*map(opaque, value.values()))
    return set().union(*map(opaque, value)) if isinstance(value, list) else set()


def keys(value: Any, closed: set[str]) -> set[str]:
    """Return the keys at every depth, but for what lies below those that are closed."""
    if isinstance(value, dict):
        below = (keys(each, closed) for key, each in value.items() if key not in closed)
        return set(value).union(*below)
    if isinstance(value, list):
        return set().union(*(keys(each, closed) for each in value))
    return set()


def fetch(connection: Connection, statement: str) -> Any:
    row = connection.execute(statement.encode()).fetchone()
    return row[0] if row else None


def write(connection: Connection, name: str, body: str) -> None:
    connection.execute(
        f"create or replace function api.{name}(args jsonb) returns jsonb"
        f" language plts as $ts$ {body} $ts$".encode()
    )


@pytest.fixture
def history(connection: Connection) -> Connection:
    """An environment that has something to show below every key."""
    connection.execute("create schema api")
    for name in ("changes", "goes", "stays"):
        write(connection, name, "return 1")
    connection.execute("create procedure api.skipped() language plts as ''")
    fetch(connection, "select stopgap.deploy('prod', 'api', 'v1')")
    connection.execute("drop function api.goes")
    connection.execute("create view used as select live_deployment.goes(null)")
    write(connection, "changes", "return 2")
    fetch(connection, "select stopgap.deploy('prod', 'api', 'v2')")
    return connection


@pytest.mark.parametrize(
    ("title", "statement"),
    [
        ("status", "select stopgap.status('prod')"),
        ("repair", "select stopgap.repair('prod')"),
        ("diff", "select stopgap.diff('prod', 'api')"),
        ("export_deployment", "select stopgap.export_deployment('prod')"),
        (
            "The manifest",
            "select stopgap.deployments('prod', 1) -> 0 -> 'manifest'",
        ),
    ],
)
def test_an_answer_has_the_keys_of_its_example(
    history: Connection, title: str, statement: str
) -> None:
    history.execute("alter function live_deployment.stays strict")
    documented = example(title)
    closed = opaque(documented)

    given = fetch(history, statement)

    assert keys(given, closed) == keys(documented, closed)


def test_a_plan_has_the_keys_of_its_example(history: Connection) -> None:
    documented = example("plan")
    connection = history
    connection.execute("set check_function_bodies = off")
    write(connection, "wrong", "return nothing")
    write(connection, "changes", "return 3")
    connection.execute("alter function live_deployment.changes cost 7")
    connection.execute("revoke usage on language plts from stopgap_owner")

    given = fetch(
        connection,
        "select stopgap.plan('prod', 'api', '{\"prune\": true}')",
    )

    assert keys(given, set()) == keys(documented, set())


@pytest.mark.parametrize(
    ("title", "start", "statement"),
    [
        ("deployments", "[{", "select stopgap.deployments('prod')"),
        ("verify", "{", "select stopgap.verify()"),
        (
            "gc",
            "{",
            "select stopgap.gc('{\"keep\": 1}')",
        ),
    ],
)
def test_an_answer_has_the_keys_that_are_listed(
    history: Connection, title: str, start: str, statement: str
) -> None:
    history.execute("drop view used")
    fetch(history, "select stopgap.deploy('prod', 'api', null, '{\"prune\": true}')")
    history.execute("alter function live_deployment.stays strict")

    given = fetch(history, statement)

    closed = {"manifest", "provenance"}
    assert keys(given, closed) == listed(title, start)


def test_the_outcome_has_the_keys_that_are_listed(history: Connection) -> None:
    with history.transaction():
        fetch(history, "select stopgap.rollback('prod')")
        given = json.loads(fetch(history, "select current_setting('stopgap.outcome')"))

    assert keys(given, set()) == listed("Settings", '{"deployment_id"')


def test_a_notification_has_the_keys_that_are_listed(history: Connection) -> None:
    history.execute("listen stopgap")
    fetch(history, "select stopgap.rollback('prod')")

    notifications: Iterator[psycopg.Notify] = history.notifies(timeout=5, stop_after=1)
    (told,) = notifications

    assert keys(json.loads(told.payload), set()) == listed("Settings", '{"env"')


def test_metrics_have_the_keys_that_are_listed(connection: Connection) -> None:
    counters = fetch(connection, "select stopgap.metrics()")

    (shape,) = {frozenset(keys(each, set())) for each in counters.values()}
    assert shape == listed("metrics", '{"calls"')
