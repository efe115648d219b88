"""The server's log: a line for each activation and each refusal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from stopgap.engine.log_line import render_line
from stopgap.server.cluster import wait_until
from tests.fixtures.cluster import Connect, RunningCluster
from tests.stopgap.roles import DEPLOYER
from tests.stopgap.schema import Connection, deploy, rollback, value, write

_PAIR = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)')
SECONDS = {"lock_wait_s", "compile_s", "ddl_s", "total_s"}


def parse(line: str) -> dict[str, str]:
    """Return the pairs of a line, as whatever collects logs would read them."""
    return {
        key: json.loads(text) if text.startswith('"') else text
        for key, text in _PAIR.findall(line)
    }


class Log:
    """The lines that a test's own environment has in the server's log."""

    def __init__(self, cluster: RunningCluster, env: str) -> None:
        self._file = cluster.cluster.log
        self._start = self._file.stat().st_size
        self._env = env

    def lines(self) -> Iterator[dict[str, str]]:
        with self._file.open("rb") as file:
            file.seek(self._start)
            text = file.read().decode(errors="replace")
        for line in text.splitlines():
            _, found, told = line.partition("LOG:  stopgap: ")
            if found and parse(told).get("env") == self._env:
                yield parse(told)

    def last(self, count: int) -> dict[str, str]:
        """Wait until there are so many lines, and return the last of them."""
        assert wait_until(lambda: len(list(self.lines())) >= count, seconds=30)
        found = list(self.lines())
        assert len(found) == count
        return found[-1]


ENV = 'an env = "of" words'


@pytest.fixture
def log(cluster: RunningCluster) -> Log:
    return Log(cluster, ENV)


def test_an_activation_is_a_line_of_the_log(connection: Connection, log: Log) -> None:
    write(connection, "f")
    write(connection, "g")
    deploy(connection, ENV)

    first = log.last(1)

    assert first.keys() >= SECONDS
    assert all(float(first[key]) >= 0 for key in SECONDS)
    assert {key: text for key, text in first.items() if key not in SECONDS} == {
        "activation": "1",
        "action": "deploy",
        "env": ENV,
        "to": "1",
        "changed": "yes",
        "by": "postgres",
        "as": "postgres",
        "created": "2",
        "replaced": "0",
        "dropped": "0",
        "kept": "0",
        "hand_edits": "0",
    }

    write(connection, "f", 2)
    deploy(connection, ENV)
    assert (log.last(2)["from"], log.last(2)["replaced"]) == ("1", "1")
    rollback(connection, ENV)
    assert log.last(3)["action"] == "rollback"
    value(connection, "select stopgap.activate(%s, 2)", ENV)
    assert log.last(4)["action"] == "activate"


def test_what_activates_nothing_is_no_line(connection: Connection, log: Log) -> None:
    write(connection, "f")
    deploy(connection, ENV)
    deploy(connection, ENV, options='{"if_changed": true}')
    deploy(connection, ENV, options='{"activate": false}')
    value(connection, "select stopgap.plan(%s, 'shop')", ENV)
    rollback(connection, ENV, to_id=1)

    assert log.last(1)["activation"] == "1"


@pytest.mark.usefixtures("roles")
def test_a_refusal_is_a_line_of_the_log(
    connection: Connection, connect: Connect, log: Log
) -> None:
    write(connection, "f")
    deployer = connect(role=DEPLOYER)

    with suppress(psycopg.Error):
        deploy(deployer, ENV)
    refused = log.last(1)

    assert (refused["refused"], refused["class"]) == ("SG002", "permission")
    assert refused["action"] == "deploy"
    assert refused["by"] == refused["as"] == DEPLOYER
    assert refused["message"].endswith('lacks USAGE on source schema "shop"')
    assert refused.keys() >= SECONDS


def test_a_refusal_of_a_name_with_a_line_end_is_one_line(
    connection: Connection, cluster: RunningCluster
) -> None:
    env = "of\ntwo lines"
    log = Log(cluster, env)

    with suppress(psycopg.Error):
        rollback(connection, env)

    assert log.last(1)["refused"] == "SG101"


def test_an_error_of_the_server_is_a_refusal_too(
    connection: Connection, connect: Connect, log: Log
) -> None:
    write(connection, "f")
    deploy(connection, ENV)
    holder = connect(autocommit=False)
    deploy(holder, ENV)
    connection.execute("set lock_timeout = '10ms'")

    with suppress(psycopg.Error):
        rollback(connection, ENV)

    refused = log.last(3)
    assert refused["refused"] == "SG207"
    assert float(refused["lock_wait_s"]) > 0


def test_the_client_does_not_get_the_line(connection: Connection) -> None:
    said: list[str | None] = []
    connection.add_notice_handler(lambda notice: said.append(notice.message_primary))
    write(connection, "f")

    deploy(connection)

    assert said == []


@pytest.mark.parametrize(
    "text", ["", "two\nlines", 'a "quote"', "a=b", "\u2028", "\x7f", "näh", "\\"]
)
def test_a_value_comes_back_from_its_line(text: str) -> None:
    line = render_line({"a": text, "b": 1, "c": None, "d": True})

    assert len(line.splitlines()) == 1
    assert parse(line) == {"a": text, "b": "1", "d": "yes"}
