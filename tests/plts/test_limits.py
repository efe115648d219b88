"""Limits where administrators set them: roles, databases, functions; and compiling."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.fixtures.cluster import RunningCluster
from tests.plts.support import Connection, define, evaluate, fetch, refused

LOOP = "for (;;) {}"
# What takes TypeScript long enough to be stopped: each level doubles the type.
SLOW_TO_CHECK = """
    type Bits<N extends number, R extends string = ""> =
        N extends 0 ? R : { [K in N]: Bits<0, `${R}0`> | Bits<0, `${R}1`> }[N];
    type Four = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";
    type Many = `${Four}${Four}${Four}${Four}`;
    export default (a: Many, b: `${Many}x`): Many[] => {
        const c: `${Four}${Four}${Four}${Four}` = a;
        const all: Record<Many, 1> = {} as Record<`${Four}${Four}${Four}${Four}`, 1>;
        return [c, ...Object.keys(all) as Many[]];
    };
"""


@pytest.fixture
def limited(connection: Connection, cluster: RunningCluster) -> Iterator[Connection]:
    """A session of a role that may log in and create functions, and is no superuser."""
    connection.execute(
        "create role limited login; grant usage on language plts to limited"
    )
    connection.execute("create schema limited authorization limited")
    with cluster.connect(connection.info.dbname, "limited") as session:
        yield session
    connection.execute("drop owned by limited; drop role limited")


def reconnect(cluster: RunningCluster, session: Connection) -> Connection:
    """Open another session like this one: settings of roles come with the login."""
    return cluster.connect(session.info.dbname, session.info.user)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("plts.max_runtime_ms", "0"),
        ("plts.max_heap_mb", "1024"),
        ("plts.max_sql_bytes", "0"),
        ("plts.max_params", "65535"),
        ("plts.max_query_rows", "0"),
        ("plts.log_level", "debug"),
    ],
)
def test_a_user_cannot_raise_a_limit(
    limited: Connection, setting: str, value: str
) -> None:
    for statement in (
        f"set {setting} = {value}",
        f"set local {setting} = {value}",
        f"alter role limited set {setting} = {value}",
        f"create function f() returns int language plts set {setting} = {value} "
        "as 'return 1'",
    ):
        with refused("42501"):
            limited.execute(statement.encode())


def test_a_user_may_choose_isolation(limited: Connection) -> None:
    limited.execute("set plts.isolation = call")

    assert evaluate(limited, "int", "return 1") == 1


def test_a_limit_of_a_role_holds(
    connection: Connection, limited: Connection, cluster: RunningCluster
) -> None:
    connection.execute("alter role limited set plts.max_query_rows = 2")

    with reconnect(cluster, limited) as session:
        assert fetch(session, "show plts.max_query_rows") == "2"
        with refused("54000"):
            evaluate(session, "json", "return ctx.db.query('table pg_language')")


def test_a_limit_of_a_database_holds(
    connection: Connection, limited: Connection, cluster: RunningCluster
) -> None:
    name = connection.info.dbname
    connection.execute(
        f"alter database {name} set plts.max_runtime_ms = '1min'".encode()
    )

    with reconnect(cluster, limited) as session:
        assert fetch(session, "show plts.max_runtime_ms") == "1min"


def test_set_local_ends_with_its_transaction(session: Connection) -> None:
    with session.transaction():
        session.execute("set local plts.max_params = 1")
        assert fetch(session, "show plts.max_params") == "1"

    assert fetch(session, "show plts.max_params") == "65535"


def test_a_limit_of_a_function_holds_within_it(session: Connection) -> None:
    body = "return ctx.db.query('select generate_series(1, 3)')"
    define(session, "unlimited() returns json", body)
    session.execute(
        "create function limited() returns json language plts "
        f"set plts.max_query_rows = 2 as $${body}$$".encode()
    )

    with refused("54000"):
        fetch(session, "select limited()")
    assert fetch(session, "show plts.max_query_rows") == "0"
    assert len(fetch(session, "select unlimited()")) == 3


def test_a_runtime_limit_of_a_function_stops_it(session: Connection) -> None:
    session.execute(
        "create function limited() returns void language plts "
        f"set plts.max_runtime_ms = 500 as $${LOOP}$$".encode()
    )

    with refused("57014") as refusal:
        session.execute("select limited()")
    assert "plts.max_runtime_ms" in refusal.message


def test_a_nested_call_cannot_outlive_the_outer_limit(session: Connection) -> None:
    session.execute(
        "create function inner_loop() returns void language plts "
        f"set plts.max_runtime_ms = 600000 as $${LOOP}$$".encode()
    )
    define(
        session,
        "outer_call() returns void",
        "ctx.db.sync.query('select inner_loop()')",
    )
    session.execute("set plts.max_runtime_ms = 200")

    with refused("57014") as refusal:
        session.execute("select outer_call()")
    assert "200 ms" in refusal.detail


@pytest.mark.parametrize(
    ("setting", "given", "shown"),
    [
        ("plts.max_runtime_ms", "2s", "2s"),
        ("plts.max_runtime_ms", "1500", "1500ms"),
        ("plts.max_heap_mb", "1GB", "1GB"),
        ("plts.max_heap_mb", "65536", "64GB"),
        ("plts.max_sql_bytes", "4kB", "4kB"),
        ("plts.max_query_rows", "1000", "1000"),
    ],
)
def test_units_are_understood(
    session: Connection, setting: str, given: str, shown: str
) -> None:
    session.execute(f"set {setting} = '{given}'".encode())

    assert fetch(session, f"show {setting}") == shown


@pytest.mark.parametrize(
    ("setting", "beyond", "edge"),
    [
        ("plts.max_heap_mb", "15", "16"),
        ("plts.max_heap_mb", "65537", "65536"),
        ("plts.max_runtime_ms", "2147483648", "2147483647"),
        ("plts.max_runtime_ms", "1kB", "1min"),
    ],
)
def test_what_is_out_of_range_is_refused(
    session: Connection, setting: str, beyond: str, edge: str
) -> None:
    session.execute(f"set {setting} = '{edge}'".encode())

    with refused("22023") as refusal:
        session.execute(f"set {setting} = '{beyond}'".encode())
    assert setting in refusal.message


COMPILING = {
    "CREATE FUNCTION": "create function slow() returns int language plts as $1$",
    "compile_ts": "select plts.compile_ts($1$)",
    "typecheck_ts": "select plts.typecheck_ts($1$)",
    "compile_and_store": "select plts.compile_and_store($1$)",
}


@pytest.mark.parametrize("statement", COMPILING.values(), ids=COMPILING.keys())
def test_compiling_obeys_the_runtime_limit(session: Connection, statement: str) -> None:
    session.execute("select plts.typecheck_ts('export default 1')")
    session.execute("set plts.max_runtime_ms = 20")

    with refused("57014") as refusal:
        session.execute(statement.replace("$1$", f"$ts${SLOW_TO_CHECK}$ts$").encode())
    assert "plts.max_runtime_ms" in refusal.message
    assert "TypeScript compiler" in refusal.context
    session.execute("reset plts.max_runtime_ms")
    assert evaluate(session, "int", "return 1") == 1


def test_a_stopped_compilation_leaves_nothing_to_the_next(session: Connection) -> None:
    session.execute("select plts.typecheck_ts('export default 1')")
    session.execute("set statement_timeout = 20")
    with refused("57014"):
        session.execute(f"select plts.typecheck_ts($ts${SLOW_TO_CHECK}$ts$)".encode())
    session.execute("reset statement_timeout")

    diagnostics = fetch(
        session,
        "select plts.typecheck_ts('export default (): number => \"x\"')",
    )

    assert [each["code"] for each in diagnostics] == ["TS2322"]


def test_compiling_in_memory_counts_as_part_of_the_call(
    session: Connection, cluster: RunningCluster
) -> None:
    session.execute("set check_function_bodies = off")
    session.execute(
        "create function slow() returns int language plts "
        f"set plts.max_runtime_ms = 20 as $ts${SLOW_TO_CHECK}$ts$".encode()
    )

    with refused("57014") as refusal:
        session.execute("select slow()")
    assert "plts.max_runtime_ms" in refusal.message


def test_each_level_reports_itself_and_worse(session: Connection) -> None:
    levels = ["debug", "info", "warn", "error"]
    body = "; ".join(f"console.{level}('{level}')" for level in levels)
    define(session, "speak() returns void", body)
    session.execute("set client_min_messages = debug1")
    reported: list[str] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.message_primary in levels:
            reported.append(str(diagnostic.message_primary))

    session.add_notice_handler(note)
    heard = {}
    for level in ["off", *reversed(levels)]:
        session.execute(f"set plts.log_level = {level}".encode())
        reported.clear()
        session.execute("select speak()")
        heard[level] = list(reported)

    assert heard == {
        "off": [],
        "error": ["error"],
        "warn": ["warn", "error"],
        "info": ["info", "warn", "error"],
        "debug": ["debug", "info", "warn", "error"],
    }
