"""With and without preloading: the same answers, and randomness of one's own."""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.cluster import RunningCluster, StartCluster
from tests.plts.support import Connection, define, evaluate, fetch, force_parallel

RANDOM = """
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    return [Math.random(), crypto.randomUUID(), [...bytes].join()]
"""


def open_with_function(cluster: RunningCluster, name: str) -> Connection:
    """Connect and define random_values() if it is not there."""
    connection = cluster.connect(name)
    if fetch(connection, "select to_regproc('random_values')") is None:
        define(connection, "random_values() returns json", RANDOM)
    return connection


@pytest.mark.parametrize("fixture", ["cluster", "plain_cluster"])
def test_backends_do_not_share_randomness(
    request: pytest.FixtureRequest, fixture: str
) -> None:
    cluster: RunningCluster = request.getfixturevalue(fixture)
    name = cluster.clone()
    seen: list[object] = []
    open_with_function(cluster, name).close()

    for _ in range(4):
        with cluster.connect(name) as connection:
            seen += fetch(connection, "select random_values()")

    cluster.drop(name)
    assert len(set(map(str, seen))) == 12


def test_contexts_do_not_share_randomness(shared: Connection) -> None:
    define(shared, "one_random() returns float8", "return Math.random()")
    shared.execute("set plts.isolation = call")

    values = [fetch(shared, "select one_random()") for _ in range(5)]

    shared.execute("reset plts.isolation")
    assert len(set(values)) == 5
    assert all(0 <= value < 1 for value in values)


def test_everything_works_without_preloading(plain_cluster: RunningCluster) -> None:
    name = plain_cluster.clone()
    with plain_cluster.connect(name) as connection:
        added = evaluate(connection, "json", "return ctx.db.query('select 1 as a')")
        compiled = fetch(
            connection, "select plts.typecheck_ts('export default () => 1')"
        )
        connection.execute("set statement_timeout = '100ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            evaluate(connection, "int", "for (;;) {}")
    plain_cluster.drop(name)

    assert added == [{"a": 1}]
    assert compiled == []


def test_settings_before_the_library_is_loaded(plain_cluster: RunningCluster) -> None:
    name = plain_cluster.clone()
    with plain_cluster.connect(name) as connection:
        connection.execute("set plts.max_heap_mb = 64")
        fetch(connection, "select plts.version()")

        assert fetch(connection, "show plts.max_heap_mb") in ("64", "64MB")
    plain_cluster.drop(name)


def test_preloaded_without_prewarm(start_cluster: StartCluster) -> None:
    cluster = start_cluster(shared_preload_libraries="plts")
    with cluster.connect() as connection:
        connection.execute("create extension plts")

        assert fetch(connection, "show plts.prewarm") == "off"
        assert evaluate(connection, "int", "return 1 + 1") == 2


def test_what_the_postmaster_prewarms_works(cluster: RunningCluster) -> None:
    assert "not prewarmed" not in cluster.cluster.log.read_text(errors="replace")


def test_sessions_of_a_prewarmed_server_have_zones_of_their_own(
    start_cluster: StartCluster,
) -> None:
    cluster = start_cluster(
        **{
            "shared_preload_libraries": "plts",
            "plts.prewarm": "on",
            "timezone": "Asia/Tokyo",
        }
    )
    zone = "return Intl.DateTimeFormat().resolvedOptions().timeZone"
    with cluster.connect() as connection:
        connection.execute("create extension plts")
        servers = evaluate(connection, "text", zone)
    berlin = "-c timezone=Europe/Berlin"
    with psycopg.connect(cluster.dsn(), autocommit=True, options=berlin) as connection:
        own = evaluate(connection, "text", zone)

    assert [servers, own] == ["Asia/Tokyo", "Europe/Berlin"]


def test_jit_off(start_cluster: StartCluster) -> None:
    cluster = start_cluster(
        **{"shared_preload_libraries": "plts", "plts.prewarm": "on", "plts.jit": "off"}
    )
    with cluster.connect() as connection:
        connection.execute("create extension plts")
        body = "let s = 0; for (let i = 0; i < 100000; i++) s += i; return s"

        assert evaluate(connection, "float8", body) == 4999950000
        assert evaluate(connection, "bool", "return /^(a+)b$/.test('aaab')") is True


def test_another_heap_limit_than_that_of_the_prewarmed_isolate(
    connection: Connection,
) -> None:
    connection.execute("set plts.max_heap_mb = 64")

    assert evaluate(connection, "int", "return 1 + 1") == 2


def test_auxiliary_processes_start_with_a_prewarmed_postmaster(
    connection: Connection,
) -> None:
    kinds = "select array_agg(distinct backend_type) from pg_stat_activity"

    assert {"checkpointer", "walwriter"} <= set(fetch(connection, kinds))


def test_parallel_workers_run_functions(connection: Connection) -> None:
    define(
        connection,
        "twice(n int) returns int strict immutable parallel safe",
        "return n * 2",
    )
    connection.execute(
        "create table t as select generate_series(1, 20000) a; analyze t"
    )
    connection.execute(
        "set parallel_setup_cost = 0; set parallel_tuple_cost = 0; "
        "set min_parallel_table_scan_size = 0; "
        "set max_parallel_workers_per_gather = 2"
    )
    force_parallel(connection)

    assert fetch(connection, "select sum(twice(a)) from t") == 20000 * 20001
