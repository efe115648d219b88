"""Plans of statements: kept by their text, whatever changes under them."""

from __future__ import annotations

import pytest

from tests.fixtures.cluster import Connect
from tests.plts.support import Connection, define, evaluate, fetch, refused

ITEM = """
create table item (
    id int primary key,
    name text not null,
    price numeric(8, 2),
    tags text[],
    data jsonb
)
"""


@pytest.fixture
def items(connection: Connection) -> Connection:
    """A session on a database of the test's own, with a small table."""
    connection.execute(ITEM)
    return connection


def test_kept_plan_survives_ddl(items: Connection) -> None:
    define(
        items, "all_items() returns json", "return ctx.db.query('select * from item')"
    )
    items.execute("insert into item (id, name) values (1, 'a')")
    before = fetch(items, "select all_items()")

    items.execute("alter table item drop column data, drop column tags, add extra int")
    after = fetch(items, "select all_items()")

    assert list(before[0]) == ["id", "name", "price", "tags", "data"]
    assert after == [{"id": 1, "name": "a", "price": None, "extra": None}]


def test_kept_plan_follows_the_search_path(connection: Connection) -> None:
    connection.execute("create schema a; create schema b")
    connection.execute("create table a.t as select 'a' as v")
    connection.execute("create table b.t as select 'b' as v")
    define(connection, "whose() returns json", "return ctx.db.query('select v from t')")

    connection.execute("set search_path = a, public")
    first = fetch(connection, "select whose()")
    connection.execute("set search_path = b, public")
    second = fetch(connection, "select whose()")

    assert (first, second) == ([{"v": "a"}], [{"v": "b"}])


def test_kept_plan_follows_a_changed_parameter_type(connection: Connection) -> None:
    connection.execute("create table t (v int)")
    define(
        connection,
        "put(v text) returns void",
        "await ctx.db.exec('insert into t values ($1)', [isNaN(+v!) ? v : +v!])",
    )
    connection.execute("select put('1')")

    connection.execute("alter table t alter v type text")
    connection.execute("select put('abc')")

    assert fetch(connection, "select string_agg(v, ',') from t") == "1,abc"


def test_many_different_statements_do_not_exhaust_the_cache(shared: Connection) -> None:
    body = """
        let sum = 0;
        for (let i = 0; i < 600; i++) {
            sum += (await ctx.db.query<any>(`select ${i} as c${i}`))[0]['c' + i];
        }
        return sum
    """

    assert evaluate(shared, "int", body) == sum(range(600))


def test_temporary_table_shadows_that_of_a_kept_plan(connection: Connection) -> None:
    connection.execute("create table t as select 'permanent' as v")
    define(connection, "seen() returns json", "return ctx.db.query('select v from t')")
    seen = [fetch(connection, "select seen()")]

    connection.execute("create temporary table t as select 'temporary' as v, 1 as n")
    seen.append(fetch(connection, "select seen()"))
    connection.execute("drop table pg_temp.t")
    seen.append(fetch(connection, "select seen()"))

    assert [rows[0]["v"] for rows in seen] == ["permanent", "temporary", "permanent"]


def test_temporary_table_with_other_types_changes_those_of_parameters(
    connection: Connection,
) -> None:
    connection.execute("create table t (v int)")
    define(
        connection,
        "put(v text) returns json",
        "return ctx.db.query('insert into t values ($1) returning v', "
        "[/^\\d+$/.test(v!) ? +v! : v])",
    )
    first = fetch(connection, "select put('1')")
    connection.execute("create temporary table t (v text)")
    second = fetch(connection, "select put('word')")
    connection.execute("drop table pg_temp.t")
    third = fetch(connection, "select put('3')")

    assert (first, second, third) == ([{"v": 1}], [{"v": "word"}], [{"v": 3}])


def test_kept_plan_that_another_session_changes_under_it(
    connection: Connection, connect: Connect
) -> None:
    connection.execute("create table t as select 1 as a")
    define(
        connection, "rows_of_t() returns json", "return ctx.db.query('select * from t')"
    )
    before = fetch(connection, "select rows_of_t()")

    with connect() as other:
        other.execute("alter table t rename a to b")
        other.execute("alter table t add c text default 'new'")

    assert before == [{"a": 1}]
    assert fetch(connection, "select rows_of_t()") == [{"b": 1, "c": "new"}]


@pytest.mark.parametrize(
    "query",
    ["await ctx.db.query<any>", "ctx.db.sync.query<any>"],
    ids=["async", "sync"],
)
def test_function_alters_what_it_reads(connection: Connection, query: str) -> None:
    connection.execute("create table t as select 1 as a")
    body = f"""
        const shapes: string[] = [];
        for (let i = 0; i < 4; i++) {{
            shapes.push(Object.keys(({query}('select * from t'))[0]).join());
            ctx.db.sync.exec(`alter table t add c${{i}} int`);
        }}
        return shapes
    """

    assert evaluate(connection, "text[]", body) == [
        "a",
        "a,c0",
        "a,c0,c1",
        "a,c0,c1,c2",
    ]


def test_table_dropped_and_made_again_within_a_call(connection: Connection) -> None:
    body = """
        const got: unknown[] = [];
        for (const type of ['int', 'text', 'jsonb']) {
            await ctx.db.exec(`create table t (v ${type})`);
            await ctx.db.exec('insert into t values ($1)', [type === 'text' ? 'x' : 7]);
            got.push((await ctx.db.query<any>('select v from t'))[0].v);
            await ctx.db.exec('drop table t');
        }
        return got
    """

    assert evaluate(connection, "json", body) == [7, "x", 7]


def test_kept_plan_of_a_dropped_table_is_an_error_that_can_be_caught(
    connection: Connection,
) -> None:
    connection.execute("create table t as select 1 as a")
    body = """
        const codes: string[] = [];
        const read = 'select a from t';
        for (let i = 0; i < 2; i++) {
            await ctx.db.query(read);
            await ctx.db.exec('drop table t');
            try { await ctx.db.query(read) } catch (e: any) { codes.push(e.code) }
            await ctx.db.exec('create table t as select 1 as a');
        }
        return codes
    """

    assert evaluate(connection, "text[]", body) == ["42P01", "42P01"]


def test_table_rolled_back_with_a_savepoint_leaves_no_plan(
    connection: Connection,
) -> None:
    connection.execute("create table t as select 'old' as v")
    body = """
        const read = 'select * from t';
        const got = [(await ctx.db.query<any>(read))[0]];
        try {
            await ctx.db.savepoint(async (db) => {
                await db.exec("alter table t add fresh int");
                got.push((await db.query<any>(read))[0]);
                throw new Error('undo');
            });
        } catch {}
        got.push((await ctx.db.query<any>(read))[0]);
        return got
    """

    assert evaluate(connection, "json", body) == [
        {"v": "old"},
        {"v": "old", "fresh": None},
        {"v": "old"},
    ]


@pytest.mark.parametrize(
    "query",
    ["await ctx.db.query<any>", "ctx.db.sync.query<any>"],
    ids=["async", "sync"],
)
def test_plan_is_replaced_while_it_runs(connection: Connection, query: str) -> None:
    # The innermost call alters the table while the same text runs in all the others.
    connection.execute("create table t as select 1 as a")
    define(
        connection,
        "deep(n int) returns text strict",
        f"""
        if (n === 0) {{
            ctx.db.sync.exec('create table u as select 1');
            ctx.db.sync.exec('drop table u');
            return 'end';
        }}
        const sql = 'select a, deep($1) as below from t';
        const first = ({query}(sql, [n - 1]))[0];
        return n + '>' + first.below""",
    )

    assert fetch(connection, "select deep(6)") == "6>5>4>3>2>1>end"
    assert fetch(connection, "select deep(3)") == "3>2>1>end"


def test_plan_leaves_the_cache_while_it_runs(
    connection: Connection,
) -> None:
    connection.execute("create table x (v int)")
    connection.execute("insert into x values (1), (2), (3)")
    define(
        connection,
        "nested(n int) returns int strict",
        """
        if (n !== 2) return n;
        for (let i = 0; i < 300; i++) await ctx.db.query(`select ${i} as n${i}`);
        return n""",
    )
    body = """
        const sql = 'select nested(v) as n from x where v < $1';
        const first = await ctx.db.query<any>(sql, [10]);
        const second = ctx.db.sync.query<any>(sql, [10]);
        return [...first, ...second].map((row) => row.n)
    """

    assert evaluate(connection, "int[]", body) == [1, 2, 3, 1, 2, 3]


def test_recursion_through_sql_while_a_table_changes(connection: Connection) -> None:
    connection.execute("create table t as select 0 as depth")
    define(
        connection,
        "descend(n int) returns text strict",
        """
        const read = 'select * from t';
        const before = Object.keys((await ctx.db.query<any>(read))[0]).length;
        if (n === 0) return '' + before;
        await ctx.db.exec(`alter table t add c${n} int`);
        const below = await ctx.db.query<any>('select descend($1) as r', [n - 1]);
        const after = Object.keys((await ctx.db.query<any>(read))[0]).length;
        return `${before} ${below[0].r} ${after}`""",
    )

    assert fetch(connection, "select descend(3)") == "1 2 3 4 4 4 4"


def test_altering_a_table_that_a_statement_reads_is_an_error(
    connection: Connection,
) -> None:
    connection.execute("create table t as select generate_series(1, 3) as a")
    define(
        connection,
        "alters(n int) returns int strict",
        "await ctx.db.exec('alter table t add b int'); return n",
    )

    with refused("55006"):
        evaluate(connection, "json", "return ctx.db.query('select alters(a) from t')")


def test_search_path_set_within_a_call(connection: Connection) -> None:
    connection.execute("create schema a; create schema b")
    connection.execute("create table a.t as select 'a' as v")
    connection.execute("create table b.t as select 2 as v")
    body = """
        const got: unknown[] = [];
        for (const path of ['a', 'b', 'a', 'b']) {
            await ctx.db.exec(`set local search_path = ${path}`);
            got.push((await ctx.db.query<any>('select v from t'))[0].v);
        }
        return got
    """

    assert evaluate(connection, "json", body) == ["a", 2, "a", 2]


def test_search_path_of_a_functions_set_clause(connection: Connection) -> None:
    connection.execute("create schema a; create schema b")
    for schema in ("a", "b"):
        connection.execute(
            f"create table {schema}.t as select '{schema}' as v".encode()
        )
        define(
            connection,
            f"of_{schema}() returns text set search_path = {schema}, public",
            "return (await ctx.db.query<any>('select v from t'))[0].v",
        )

    rows = connection.execute("select of_a(), of_b(), of_a(), of_b()").fetchone()

    assert rows == ("a", "b", "a", "b")


def test_schema_that_appears_before_the_table_in_the_path(
    connection: Connection,
) -> None:
    connection.execute("create table t as select 'public' as v")
    connection.execute("set search_path = later, public")
    define(connection, "seen() returns json", "return ctx.db.query('select v from t')")
    before = fetch(connection, "select public.seen()")

    connection.execute("create schema later; create table later.t as select 'later' v")

    assert before == [{"v": "public"}]
    assert fetch(connection, "select public.seen()") == [{"v": "later"}]


def test_privileges_are_those_of_the_role_at_each_run(connection: Connection) -> None:
    connection.execute("create table t as select 1 as a")
    connection.execute("create role plans_reader; grant plans_reader to current_user")
    define(connection, "rows() returns json", "return ctx.db.query('select a from t')")
    try:
        mine = fetch(connection, 'select "rows"()')
        connection.execute("set role plans_reader")
        with refused("42501"):
            connection.execute('select "rows"()')
        connection.execute("reset role")
        connection.execute("grant select on t to plans_reader")
        connection.execute("set role plans_reader")
        theirs = fetch(connection, 'select "rows"()')
    finally:
        connection.execute("reset role")
        connection.execute("drop owned by plans_reader; drop role plans_reader")

    assert mine == theirs == [{"a": 1}]


def test_policies_follow_the_role_of_a_kept_plan(connection: Connection) -> None:
    connection.execute("create table t as select 'mine' as who union select 'theirs'")
    connection.execute("create role plans_policed")
    connection.execute(
        "grant select on t to plans_policed; alter table t enable row level security; "
        "create policy p on t to plans_policed using (who = 'theirs')"
    )
    define(
        connection,
        "whose() returns json",
        "return (await ctx.db.query<any>('select who from t order by 1'))"
        ".map((row) => row.who)",
    )
    seen = []
    try:
        for role in ("none", "plans_policed", "none", "plans_policed"):
            connection.execute(f"set role {role}".encode())
            seen.append(fetch(connection, "select whose()"))
    finally:
        connection.execute("reset role")
        connection.execute("drop owned by plans_policed; drop role plans_policed")

    assert seen == [["mine", "theirs"], ["theirs"], ["mine", "theirs"], ["theirs"]]


def test_user_schema_of_the_role_is_searched(connection: Connection) -> None:
    connection.execute("create role plans_schema")
    connection.execute("create schema plans_schema authorization plans_schema")
    connection.execute("create table t as select 'public' as v")
    connection.execute("create table plans_schema.t as select 'own' as v")
    connection.execute("grant select on t, plans_schema.t to plans_schema")
    define(connection, "seen() returns json", "return ctx.db.query('select v from t')")
    seen = []
    try:
        for role in ("none", "plans_schema", "none"):
            connection.execute(f"set role {role}".encode())
            seen.append(fetch(connection, "select seen()")[0]["v"])
    finally:
        connection.execute("reset role")
        connection.execute("drop owned by plans_schema cascade; drop role plans_schema")

    assert seen == ["public", "own", "public"]


def test_memory_of_plans_is_bounded(connection: Connection) -> None:
    define(
        connection,
        "run(low int, high int) returns void strict",
        "for (let i = low; i < high; i++) {\n"
        "  await ctx.db.query(`select ${i} as c${i}, pg_class.* from pg_class "
        "where oid = ${i}`);\n"
        "}",
    )
    kept = (
        "select count(*) from pg_backend_memory_contexts "
        "where name = 'CachedPlanSource' and ident like 'select % as c%'"
    )

    connection.execute("select run(0, 1000)")

    assert fetch(connection, kept) == 256


def test_plan_that_is_used_stays_while_others_go(connection: Connection) -> None:
    kept = (
        "select count(*)::int n from pg_backend_memory_contexts "
        "where name = 'CachedPlanSource' and ident = 'select 1 as stays'"
    )
    body = f"""
        for (let i = 0; i < 600; i++) {{
            await ctx.db.query(`select ${{i}} as other${{i}}`);
            await ctx.db.query('select 1 as stays');
        }}
        return (await ctx.db.query<any>(`{kept}`))[0].n
    """

    assert evaluate(connection, "int", body) == 1


def test_discard_plans_is_survived(connection: Connection) -> None:
    connection.execute("create table t as select 1 as a")
    define(connection, "seen() returns json", "return ctx.db.query('select * from t')")
    before = fetch(connection, "select seen()")

    connection.execute("discard plans")
    connection.execute("alter table t add b int")

    assert before == [{"a": 1}]
    assert fetch(connection, "select seen()") == [{"a": 1, "b": None}]
