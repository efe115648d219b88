"""Functions where expressions are: defaults, indexes, checks, policies, workers."""

from __future__ import annotations

import pytest

from tests.fixtures.cluster import RunningCluster
from tests.plts.support import Connection, define, fetch, force_parallel, refused


@pytest.fixture
def doubling(session: Connection) -> Connection:
    """A session with an immutable function doubled(int)."""
    define(
        session,
        "doubled(n int) returns int strict immutable parallel safe",
        "return n * 2",
    )
    return session


def test_default_of_a_column(doubling: Connection) -> None:
    doubling.execute("create table t (a int default doubled(4))")

    doubling.execute("insert into t default values")

    assert fetch(doubling, "select a from t") == 8


def test_index_on_an_expression(doubling: Connection) -> None:
    doubling.execute("create table t as select generate_series(1, 2000) as a")

    doubling.execute("create unique index on t (doubled(a))")

    doubling.execute("set enable_seqscan = off")
    plan = doubling.execute("explain select a from t where doubled(a) = 84").fetchall()
    assert "Index Cond: (doubled(a) = 84)" in str(plan)
    assert fetch(doubling, "select a from t where doubled(a) = 84") == 42
    with refused("23505"):
        doubling.execute("insert into t values (42)")


def test_predicate_of_a_partial_index(doubling: Connection) -> None:
    doubling.execute("create table t (a int)")
    doubling.execute("create unique index on t ((1)) where doubled(a) > 10")
    doubling.execute("insert into t values (1), (2), (6)")

    with refused("23505"):
        doubling.execute("insert into t values (7)")


def test_check_constraint(doubling: Connection) -> None:
    doubling.execute("create table t (a int check (doubled(a) < 10))")
    doubling.execute("insert into t values (4)")

    with refused("23514"):
        doubling.execute("insert into t values (5)")


def test_check_of_a_domain(doubling: Connection) -> None:
    doubling.execute("create domain small as int check (doubled(value) < 10)")

    assert fetch(doubling, "select 4::small") == 4
    with refused("23514"):
        doubling.execute("select 5::small")


def test_generated_column(doubling: Connection) -> None:
    doubling.execute(
        "create table t (a int, b int generated always as (doubled(a)) stored)"
    )

    doubling.execute("insert into t values (3)")
    doubling.execute("update t set a = 5")

    assert fetch(doubling, "select b from t") == 10


def test_policy_of_row_level_security(session: Connection) -> None:
    define(
        session,
        "is_mine(owner text) returns bool strict stable",
        "return ctx.db.sync.query<{ u: string }>("
        "'select current_user as u')[0]!.u === owner",
    )
    session.execute("drop role if exists reader_of_rows; create role reader_of_rows")
    session.execute("create table t (owner text, a int)")
    session.execute("insert into t values ('reader_of_rows', 1), ('other', 2)")
    session.execute("alter table t enable row level security")
    session.execute("create policy mine on t using (is_mine(owner))")
    session.execute("grant select on t to reader_of_rows")
    schema = fetch(session, "select current_schema()")
    session.execute(f"grant usage on schema {schema} to reader_of_rows".encode())

    session.execute("set role reader_of_rows")
    seen = session.execute("select a from t").fetchall()
    session.execute("reset role")

    assert seen == [(1,)]
    session.execute("drop owned by reader_of_rows; drop role reader_of_rows")


def test_view_and_materialized_view(doubling: Connection) -> None:
    doubling.execute("create table t as select 3 as a")
    doubling.execute("create view v as select doubled(a) as b from t")
    doubling.execute("create materialized view m as select doubled(a) as b from t")
    doubling.execute("update t set a = 4")
    doubling.execute("refresh materialized view m")

    assert fetch(doubling, "select v.b + m.b from v, m") == 16


def test_rule_and_returning(doubling: Connection) -> None:
    doubling.execute("create table t (a int)")

    statement = "insert into t values (doubled(2)) returning doubled(a)"

    assert fetch(doubling, statement) == 8


def test_order_group_having_and_window(doubling: Connection) -> None:
    statement = (
        "select string_agg(distinct d::text, ',') from (select doubled(a % 3) as d,"
        " sum(doubled(a)) over (order by doubled(a)) from generate_series(1, 9) as a"
        " group by a having doubled(a) > 4 order by doubled(a)) as x"
    )

    assert fetch(doubling, statement) == "0,2,4"


def test_immutable_call_is_folded(doubling: Connection) -> None:
    plan = doubling.execute("explain verbose select doubled(21)").fetchall()

    assert "42" in str(plan)
    assert "doubled" not in str(plan)


def test_prepared_statement_calls_the_new_version(session: Connection) -> None:
    define(session, "versioned() returns int", "return 1")
    session.execute("prepare p as select versioned()")
    assert fetch(session, "execute p") == 1

    define(session, "versioned() returns int", "return 2")

    assert fetch(session, "execute p") == 2


def test_merge_and_on_conflict(doubling: Connection) -> None:
    doubling.execute("create table t (a int primary key, b int)")
    doubling.execute("insert into t values (1, 1)")

    doubling.execute(
        "insert into t values (1, 5) on conflict (a) do update"
        " set b = doubled(excluded.b)"
    )
    doubling.execute(
        "merge into t using (values (1)) as s(a) on t.a = s.a"
        " when matched then update set b = doubled(t.b)"
    )

    assert fetch(doubling, "select b from t") == 20


def test_exclusion_constraint_and_statistics(doubling: Connection) -> None:
    doubling.execute("create table t (a int, exclude (doubled(a) with =))")
    doubling.execute("create statistics s on (doubled(a)), a from t")
    doubling.execute("insert into t select generate_series(1, 100)")
    doubling.execute("analyze t")

    with refused("23P01"):
        doubling.execute("insert into t values (50)")


def test_partition_key(doubling: Connection) -> None:
    doubling.execute("create table t (a int) partition by range (doubled(a))")
    doubling.execute("create table t1 partition of t for values from (0) to (10)")
    doubling.execute("insert into t values (4)")

    assert fetch(doubling, "select count(*) from t1") == 1
    with refused("23514"):
        doubling.execute("insert into t values (5)")


def test_parallel_workers_run_it(doubling: Connection) -> None:
    doubling.execute("create table t as select generate_series(1, 20000) as a")
    doubling.execute("analyze t")
    for setting in (
        "parallel_setup_cost = 0",
        "parallel_tuple_cost = 0",
        "min_parallel_table_scan_size = 0",
        "max_parallel_workers_per_gather = 2",
        "parallel_leader_participation = off",
    ):
        doubling.execute(f"set {setting}".encode())

    statement = "select sum(doubled(a)) from t"
    plan = str(doubling.execute(f"explain (analyze) {statement}".encode()).fetchall())

    assert "Parallel Seq Scan" in plan
    assert "Workers Launched: 2" in plan
    assert fetch(doubling, statement) == 20000 * 20001


def test_parallel_workers_read_through_ctx(session: Connection) -> None:
    session.execute("create table t as select generate_series(1, 2000) as a")
    session.execute("analyze t")
    define(
        session,
        "looked_up(n int) returns int strict stable parallel safe",
        "return ctx.db.sync.query<{ a: number }>("
        "'select a from t where a = $1', [n])[0]!.a",
    )
    for setting in (
        "parallel_setup_cost = 0",
        "parallel_tuple_cost = 0",
        "min_parallel_table_scan_size = 0",
        "parallel_leader_participation = off",
    ):
        session.execute(f"set {setting}".encode())

    statement = "select sum(looked_up(a)) from t where a <= 50"
    plan = str(session.execute(f"explain {statement}".encode()).fetchall())

    assert "Parallel Seq Scan" in plan
    assert fetch(session, statement) == 50 * 51 // 2


def test_error_in_a_parallel_worker_is_the_error(session: Connection) -> None:
    session.execute("create table t as select generate_series(1, 2000) as a")
    session.execute("analyze t")
    define(
        session,
        "failing(n int) returns int strict immutable parallel safe",
        "if (n === 777) throw new Error('in a worker'); return n",
    )
    for setting in (
        "parallel_setup_cost = 0",
        "parallel_tuple_cost = 0",
        "min_parallel_table_scan_size = 0",
        "parallel_leader_participation = off",
    ):
        session.execute(f"set {setting}".encode())

    with refused("38000") as refusal:
        session.execute("select sum(failing(a)) from t")

    assert refusal.message == "in a worker"
    assert "parallel worker" in refusal.context


def test_workers_of_a_server_without_preloading(plain_cluster: RunningCluster) -> None:
    name = plain_cluster.clone()
    try:
        with plain_cluster.connect(name) as connection:
            define(
                connection,
                "doubled(n int) returns int strict immutable parallel safe",
                "return n * 2",
            )
            force_parallel(connection)
            connection.execute("create table t as select 21 as a")

            assert fetch(connection, "select doubled(a) from t") == 42
    finally:
        plain_cluster.drop(name)
