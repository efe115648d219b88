"""The previous release against this one: its command line, and what it has written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stopgap.previous import VERSION, Run, decoded, keys
from tests.stopgap.schema import (
    Connection,
    bodies,
    deploy,
    rollback,
    rows,
    status,
    statuses,
    value,
    write,
)

# A life of an environment, by the verbs that the previous command line has.
FIRST = ("deploy", "--from-schema", "shop", "--label", "first")
SECOND = ("deploy", "--from-schema", "shop", "--label", "second", "--prune")
DIFF = ("diff", "--from-schema", "shop")
STATUS = ("status",)
DEPLOYMENTS = ("deployments",)
ROLLBACK = ("rollback",)
ROLLBACK_TO = ("rollback", "--to")


@pytest.fixture
def previous_extensions(connection: Connection, previous_package: Path) -> Connection:
    """A database with both extensions of the previous release."""
    install_previous(connection)
    return connection


def install_previous(connection: Connection) -> None:
    """Put both extensions of the previous release in the place of ours."""
    connection.execute("drop extension stopgap; drop extension plts cascade")
    connection.execute(f"create extension plts version '{VERSION}'".encode())
    connection.execute(f"create extension stopgap version '{VERSION}'".encode())


def live(connection: Connection, run: Run, output: str) -> list[str]:
    """Run every verb of the previous command line; return what each wrote."""

    def done(*arguments: str) -> str:
        return run(connection, *arguments, "--output", output)

    write(connection, "f", 1)
    write(connection, "gone", 1)
    wrote = [done(*DIFF), done(*FIRST)]
    first = value(connection, "select max(id) from stopgap.deployment")
    write(connection, "f", 2)
    write(connection, "came", 2)
    connection.execute("drop function shop.gone(jsonb)")
    wrote += [done(*DIFF), done(*SECOND), done(*STATUS), done(*DEPLOYMENTS)]
    wrote += [done(*ROLLBACK), done(*STATUS)]
    assert value(connection, "select live_deployment.f('{}')") == 1
    deploy(connection)
    wrote += [done(*ROLLBACK_TO, str(first)), done(*DEPLOYMENTS)]
    assert value(connection, "select live_deployment.gone('{}')") == 1
    return wrote


def test_the_previous_command_line_answers_this_extension_in_json_as_its_own(
    connection: Connection, run_previous: Run
) -> None:
    answers = list(map(decoded, live(connection, run_previous, "json")))
    connection.execute("drop schema live_deployment, shop cascade")
    install_previous(connection)
    own = list(map(decoded, live(connection, run_previous, "json")))

    for answer, expected in zip(answers, own, strict=True):
        assert keys(expected) <= keys(answer)
        assert keys(expected)
        # The command's own keys are the package's: all of them are the same.
        assert answer.keys() == expected.keys()


def test_the_previous_command_line_shows_people_what_this_extension_did(
    connection: Connection, run_previous: Run
) -> None:
    diff, first, changed, second, state, history, back, after, to, last = live(
        connection, run_previous, "human"
    )

    assert "2 added, 0 changed, 0 removed" in diff
    assert '"first", 2 functions' in first
    assert "1 added, 1 changed, 1 removed" in changed
    assert "second" in second
    assert "second" in state
    assert "superseded" in history
    assert "Rolled prod back" in back
    assert "first" in after
    assert "Rolled prod back" in to
    assert "rolled_back" in last


def test_a_history_of_the_previous_release_is_gone_on_with(
    previous_extensions: Connection,
) -> None:
    connection = previous_extensions
    write(connection, "f", 1)
    write(connection, "gone", 1)
    first = deploy(connection, label="first")
    connection.execute("grant execute on function live_deployment.gone to app_user")
    connection.execute("drop function shop.gone(jsonb)")
    write(connection, "f", 2)
    second = deploy(connection, options='{"prune": true}')
    assert value(connection, "select stopgap.version()") == VERSION
    history = rows(connection, "select * from stopgap.fn_version order by 1, 2")
    live_then = bodies(connection)

    connection.execute("alter extension plts update; alter extension stopgap update")

    assert value(connection, "select stopgap.version()") != VERSION
    assert rows(connection, "select * from stopgap.fn_version order by 1, 2") == history
    assert bodies(connection) == live_then
    found = status(connection)
    assert found["active_deployment_id"] == second
    assert found["drift"]["has_drift"] is False
    assert value(connection, "select live_deployment.f('{}')") == 2
    # Nothing was compiled anew that is stored, and nothing seems changed.
    summary = value(connection, "select stopgap.diff('prod', 'shop') -> 'summary'")
    assert summary == {"added": 0, "changed": 0, "removed": 0, "unchanged": 1}
    assert rollback(connection) == first
    assert value(connection, "select live_deployment.gone('{}')") == 1
    write(connection, "f", 3)
    third = deploy(connection, options='{"prune": true}')
    assert value(connection, "select live_deployment.f('{}')") == 3
    assert statuses(connection) == {
        first: "superseded",
        second: "rolled_back",
        third: "active",
    }
    assert rollback(connection, to_id=second) == second
    assert value(connection, "select live_deployment.f('{}')") == 2
    checked = value(connection, "select stopgap.verify()")
    assert checked["ok"] is True, checked


def test_a_session_that_ran_the_previous_engine_runs_this_one_after_the_update(
    previous_extensions: Connection,
) -> None:
    connection = previous_extensions
    write(connection, "f", 1)
    first = deploy(connection)

    connection.execute("alter extension plts update; alter extension stopgap update")

    # One session throughout: its modules are of two versions now.
    write(connection, "f", 2)
    deploy(connection)
    assert rollback(connection, to_id=first) == first
    assert value(connection, "select stopgap.plan('prod', 'shop') -> 'functions'")
