"""Parallel workers: functions that read through ctx.db in them."""

from __future__ import annotations

import pytest

from tests.fixtures.cluster import RunningCluster
from tests.plts.support import Connection, define, fetch, force_parallel, refused

_SETTINGS = """
set parallel_setup_cost = 0;
set parallel_tuple_cost = 0;
set min_parallel_table_scan_size = 0;
set max_parallel_workers_per_gather = 2;
set parallel_leader_participation = off
"""


@pytest.fixture
def parallel(session: Connection) -> Connection:
    """A session that gives the scan of its table t(a int) to workers."""
    session.execute("create table t as select generate_series(1, 2000) as a")
    session.execute("create table names as select a, 'name ' || a as name from t")
    session.execute("create unique index on names (a)")
    session.execute("analyze t, names")
    session.execute(_SETTINGS)
    return session


def aggregate(connection: Connection, expression: str) -> object:
    """Evaluate an aggregate of t in workers, and nowhere else."""
    explained = connection.execute(
        f"explain (costs off) select {expression} from t".encode()
    ).fetchall()
    assert "Parallel Seq Scan" in str(explained)
    return fetch(connection, f"select {expression} from t")


@pytest.mark.parametrize(
    "read",
    [
        "(await ctx.db.query<any>(sql, [n]))[0].name",
        "ctx.db.sync.query<any>(sql, [n])[0].name",
    ],
    ids=["async", "sync"],
)
def test_each_row_runs_a_statement(parallel: Connection, read: str) -> None:
    define(
        parallel,
        "name_of(n int) returns text strict stable parallel safe",
        f"const sql = 'select name from names where a = $1'; return {read}",
    )

    assert aggregate(parallel, "count(distinct name_of(a))") == 2000


def test_worker_reads_by_a_cursor(parallel: Connection) -> None:
    define(
        parallel,
        "sum_around(n int) returns int strict stable parallel safe",
        """
        let sum = 0;
        for await (const row of ctx.db.cursor<{ a: number }>(
            'select a from names where a between $1 and $1 + 2', [n],
            { fetchSize: 1 })) {
            sum += row.a - n;
            if (sum === 3) break;
        }
        return sum""",
    )

    assert aggregate(parallel, "sum(sum_around(a))") == 1998 * 3 + 1


def test_worker_runs_nested_calls_through_sql(parallel: Connection) -> None:
    define(
        parallel,
        "depth(n int) returns int strict stable parallel safe",
        "if (n === 0) return 0;\n"
        "return 1 + ctx.db.sync.query<any>('select depth($1) d', [n - 1])[0].d",
    )

    assert aggregate(parallel, "max(depth(a % 4))") == 3


def test_worker_has_role_and_settings_of_the_leader(parallel: Connection) -> None:
    define(
        parallel,
        "seen(n int) returns text strict stable parallel safe",
        "return (await ctx.db.query<any>(\"select current_user || ' ' || \" +\n"
        "\"current_setting('app.tenant') as s\"))[0].s",
    )
    parallel.execute("set app.tenant = 'seven'")

    assert aggregate(parallel, "min(seen(a))") == "postgres seven"


def test_worker_cannot_write(parallel: Connection) -> None:
    define(
        parallel,
        "writes(n int) returns int strict volatile parallel safe",
        "await ctx.db.exec('insert into t values (0)'); return n",
    )

    with refused("25000"):
        aggregate(parallel, "sum(writes(a))")

    assert fetch(parallel, "select count(*) from t") == 2000


@pytest.mark.parametrize(
    "work",
    [
        "await ctx.db.query('select 1 / (n - 777) from (select $1::int n) x', [n])",
        "ctx.db.sync.query('select 1 / (n - 777) from (select $1::int n) x', [n])",
        "await ctx.db.query('select * from missing')",
    ],
    ids=["async", "sync", "unknown table"],
)
def test_error_of_a_statement_in_a_worker_goes_on_as_it_was(
    parallel: Connection, work: str
) -> None:
    define(
        parallel,
        "fails(n int) returns int strict stable parallel safe",
        f"{work}; return n",
    )

    with refused("42P01" if "missing" in work else "22012") as refusal:
        aggregate(parallel, "sum(fails(a))")

    assert "parallel worker" in refusal.context
    assert "fails" in refusal.context


@pytest.mark.parametrize(
    "query", ["await ctx.db.query", "ctx.db.sync.query"], ids=["async", "sync"]
)
def test_caught_error_of_a_statement_follows_what_the_server_can_undo(
    parallel: Connection, query: str
) -> None:
    # Before PostgreSQL 17 a worker has no subtransactions, so that nothing could have
    # been undone for the catch to go on from.
    define(
        parallel,
        "catches(n int) returns int strict stable parallel safe",
        f"try {{ {query}('select 1 / 0') }} catch {{ return 1 }}\n"
        "finally { while (n < 0) {} }\n"
        "return 0",
    )

    if parallel.info.server_version >= 170000:
        assert aggregate(parallel, "sum(catches(a))") == 2000
        return
    with refused("22012") as refusal:
        aggregate(parallel, "sum(catches(a))")

    assert "parallel worker" in refusal.context


def test_session_goes_on_after_an_error_in_a_worker(parallel: Connection) -> None:
    define(
        parallel,
        "fails_once(n int) returns int strict stable parallel safe",
        "await ctx.db.query('select 1 / ($1::int - 777)', [n]); return n",
    )
    with refused("22012"):
        aggregate(parallel, "sum(fails_once(a))")

    assert fetch(parallel, "select fails_once(1)") == 1
    assert fetch(parallel, "select sum(fails_once(a)) from t where a < 777") == (
        776 * 777 // 2
    )


def test_savepoint_in_a_worker(parallel: Connection) -> None:
    define(
        parallel,
        "in_savepoint(n int) returns int strict stable parallel safe",
        "return ctx.db.sync.savepoint((db) =>\n"
        "  db.sync.query<any>('select $1::int a', [n])[0].a)",
    )

    if parallel.info.server_version >= 170000:
        assert aggregate(parallel, "sum(in_savepoint(a))") == 2000 * 2001 // 2
        return
    with refused("25000") as refusal:
        aggregate(parallel, "sum(in_savepoint(a))")

    assert "parallel mode" in refusal.message
    assert "PARALLEL" in refusal.hint


def test_query_handler_reads_in_a_worker(parallel: Connection) -> None:
    define(
        parallel,
        "handled(args jsonb) returns jsonb stable parallel safe",
        """
        import { query, v } from "@stopgap/runtime";
        export default query(v.object({ n: v.int() }), async ({ n }, ctx) =>
            (await ctx.db.query<any>('select a from names where a = $1', [n]))[0].a);
        """,
    )

    expression = "sum(handled(jsonb_build_object('n', a))::int)"
    assert aggregate(parallel, expression) == 2000 * 2001 // 2


def test_statement_of_ctx_is_run_by_workers_of_its_own(parallel: Connection) -> None:
    define(
        parallel,
        "planned() returns text",
        "return JSON.stringify(await ctx.db.query(\n"
        "  'explain (analyze, costs off, timing off) select sum(a) from t'))",
    )

    assert "Workers Launched" in str(fetch(parallel, "select planned()"))


def test_cancel_reaches_a_statement_in_a_worker(parallel: Connection) -> None:
    define(
        parallel,
        "sleeps(n int) returns int strict stable parallel safe",
        "try { await ctx.db.query('select pg_sleep(60)') } catch { } return n",
    )
    parallel.execute("set statement_timeout = 300")

    with refused("57014"):
        aggregate(parallel, "sum(sleeps(a))")

    parallel.execute("reset statement_timeout")


def test_worker_of_a_server_without_preloading_reads(
    plain_cluster: RunningCluster,
) -> None:
    name = plain_cluster.clone()
    try:
        with plain_cluster.connect(name) as connection:
            connection.execute("create table t as select 21 as a")
            define(
                connection,
                "reads(n int) returns int strict stable parallel safe",
                "return (await ctx.db.query<any>('select a from t'))[0].a * n",
            )
            force_parallel(connection)

            assert fetch(connection, "select reads(a) from t") == 441
    finally:
        plain_cluster.drop(name)


@pytest.mark.parametrize(
    "query",
    [
        "ctx.db.sync.query('select $1::json', [bad])",
        "await ctx.db.query('select $1::json', [bad])",
        "ctx.db.sync.query('select ($1::names).a', [{ a: 1, get name() "
        "{ throw new TypeError('no'); } }])",
        "ctx.db.sync.exec('select $1::json[]', [[1, bad]])",
        "for await (const row of ctx.db.cursor('select $1::json', [bad])) {}",
    ],
)
def test_parameter_that_throws_in_a_worker_leaves_the_call_in_order(
    parallel: Connection, query: str
) -> None:
    body = f"""
        const bad: any = {{ toJSON() {{ throw new TypeError("no"); }} }};
        let caught = 0;
        for (let i = 0; i < 3; i++) {{
            try {{ {query}; }} catch {{ caught++; }}
        }}
        return caught + ctx.db.sync.query("select 1").length"""
    define(parallel, "f(n int) returns int stable parallel safe", body)
    # The caller runs statements too: SPI must be as it was when f returns to it.
    parallel.execute(
        "create function g(n int) returns int stable parallel safe language plpgsql "
        "as $$ declare r int; begin select f(n) into r from names where a = n; "
        "return r; end $$"
    )

    assert aggregate(parallel, "sum(g(a))") == 4 * 2000
