"""Statements: `ctx.db` and what becomes of their parameters, rows and errors."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, define, evaluate, fetch, refused

SCHEMA = """
create table item (
    id int primary key,
    name text not null constraint named check (name <> ''),
    price numeric(8, 2),
    tags text[],
    data jsonb
);
create table part (id int references item (id));
"""


@pytest.fixture
def items(connection: Connection) -> Connection:
    """A session on a database of the test's own, with two small tables."""
    connection.execute(SCHEMA)
    return connection


def test_exec_reports_the_number_of_rows(items: Connection) -> None:
    body = """
        const sql = "insert into item select g, 'n' || g from generate_series(1, 5) g";
        const insert = await ctx.db.exec(sql);
        const update = await ctx.db.exec('update item set price = 1 where id > 2');
        const create = await ctx.db.exec('create temp table other (a int)');
        return [insert, update, create]
    """

    assert evaluate(items, "json", body) == [
        {"ok": True, "rowCount": 5},
        {"ok": True, "rowCount": 3},
        {"ok": True, "rowCount": 0},
    ]


def test_returning_gives_rows(items: Connection) -> None:
    body = """
        const sql = "insert into item values (1, 'a'), (2, 'b') returning id, name";
        return await ctx.db.query(sql)
    """

    assert evaluate(items, "json", body) == [
        {"id": 1, "name": "a"},
        {"id": 2, "name": "b"},
    ]


def test_query_of_a_statement_without_rows_is_empty(items: Connection) -> None:
    assert evaluate(items, "json", "return ctx.db.query('truncate part')") == []


@pytest.mark.parametrize(
    ("sql", "parameters", "sqlstate"),
    [
        ("select $1::int", "[]", "42601"),
        ("select $1::int", "[1, 2]", "42601"),
        ("select 1", "[1]", "42601"),
        ("select $1", "[Symbol('x')]", "42804"),
        ("select $2::int", "[1, 2]", "42P18"),
        ("select $1::int", "['x']", "42804"),
        ("select $1::int", "[1.5]", "22003"),
        ("selec 1", "[]", "42601"),
        ("select * from nothing_here", "[]", "42P01"),
        ("select 1; select $1::int", "[1]", "42601"),
    ],
)
def test_refused_statement(
    shared: Connection, sql: str, parameters: str, sqlstate: str
) -> None:
    with refused(sqlstate):
        evaluate(shared, "json", f"return ctx.db.query('{sql}', {parameters})")


def test_rows_have_the_columns_types(shared: Connection) -> None:
    body = """
        const [row] = ctx.db.sync.query<any>(
            "select 1::int2 a, 2::int8 b, 3.0 c, null::text d, now() e, true f, " +
            "'\\\\x01'::bytea g, '{1,2}'::int[] h, '{\\"k\\":1}'::jsonb i, " +
            "row(1, 'x') j");
        return Object.entries(row).map(([k, v]: any) =>
            k + ':' + (v === null ? 'null' : v instanceof Uint8Array ? 'bytes'
                : Array.isArray(v) ? 'array' : typeof v)).join(' ')
    """

    assert evaluate(shared, "text", body) == (
        "a:number b:bigint c:string d:null e:string f:boolean g:bytes h:array "
        "i:object j:object"
    )


def test_odd_column_names(shared: Connection) -> None:
    body = """
        const [row] = ctx.db.sync.query<any>(
            'select 1 as "__proto__", 2 as "a""b\\\\", 3 as "\\n", 4 as "é", ' +
            '5 as x, 6 as "X"');
        const plain = Object.getPrototypeOf(row) === Object.prototype;
        return [Object.keys(row), plain, row.X]
    """

    keys, plain, last = evaluate(shared, "json", body)

    assert keys == ["__proto__", 'a"b\\', "\n", "é", "x", "X"]
    assert plain is True
    assert last == 6


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("select 1 as id, 2 as id", "id"),
        ("select 1 as id, 2 as b, 3 as id where false", "id"),
        ("select 1, 2", "?column?"),
        ("select a.*, b.* from (values (1)) as a (x), (values (2)) as b (x)", "x"),
        ("select s from (select 1 as y, 2 as y) as s", "y"),
        ("select array[s] from (select 1 as y, 2 as y) as s", "y"),
    ],
)
@pytest.mark.parametrize(
    "way",
    [
        "ctx.db.sync.query(sql)",
        "await ctx.db.query(sql)",
        "[...ctx.db.sync.cursor(sql)]",
    ],
)
def test_columns_of_one_name_are_refused(
    shared: Connection, sql: str, name: str, way: str
) -> None:
    with refused("42701") as refusal:
        evaluate(shared, "json", f"const sql = `{sql}`; return {way}")

    assert f'"{name}"' in refusal.message
    assert "AS" in refusal.hint


def test_statement_with_columns_of_one_name_leaves_nothing(session: Connection) -> None:
    session.execute("create table item (id int)")
    body = """
        const sql = "insert into item values (1) returning id, id";
        try { await ctx.db.query(sql) } catch (error: any) { return error.code }
        return null
    """

    assert evaluate(session, "text", body) == "42701"
    assert fetch(session, "select count(*) from item") == 0


def test_columns_of_one_name_are_no_matter_where_no_row_is_asked_for(
    shared: Connection,
) -> None:
    body = "return (await ctx.db.exec('select 1 as id, 2 as id')).rowCount"

    assert evaluate(shared, "int", body) == 1


def test_rows_without_columns(shared: Connection) -> None:
    rows = evaluate(
        shared, "json", "return ctx.db.query('select from generate_series(1,3)')"
    )

    assert rows == [{}, {}, {}]


def test_many_rows(shared: Connection) -> None:
    body = """
        const rows = await ctx.db.query<{ g: number; t: string }>(
            "select g, 'row ' || g as t from generate_series(1, 100000) g");
        let sum = 0;
        for (const row of rows) sum += row.g + row.t.length;
        return sum + rows.length
    """
    expected = sum(g + len(f"row {g}") for g in range(1, 100_001)) + 100_000

    assert evaluate(shared, "float8", body) == expected


def test_rows_are_ordinary_objects(shared: Connection) -> None:
    body = """
        const [row] = await ctx.db.query<any>('select 1 as a');
        row.b = 2; delete row.a; row.a = 3;
        return JSON.stringify(row)
    """

    assert evaluate(shared, "text", body) == '{"b":2,"a":3}'


def test_caught_error_leaves_a_sane_transaction(items: Connection) -> None:
    body = """
        await ctx.db.exec("insert into item values (1, 'kept')");
        try { await ctx.db.exec("insert into item values (2, 'x'), (1, 'y')") } catch {}
        try { ctx.db.sync.query('select 1 / 0') } catch {}
        try { await ctx.db.exec('syntax error here') } catch {}
        await ctx.db.exec("insert into item values (3, 'kept')");
    """

    evaluate(items, "void", body)

    rows = items.execute("select id from item order by id").fetchall()
    assert rows == [(1,), (3,)]


def test_caught_error_carries_its_fields(items: Connection) -> None:
    body = """
        import { SqlError } from "@stopgap/runtime";
        export default async (ctx: any) => {
            const fields: unknown[] = [];
            for (const sql of [
                "insert into item values (1, '')",
                "insert into item (id) values (1)",
                "insert into part values (5)",
                "select missing from item",
            ]) {
                try { await ctx.db.exec(sql) }
                catch (e: any) {
                    const { code, constraint, schema, table, column, position } = e;
                    fields.push([e instanceof SqlError, e instanceof Error, code,
                        constraint, schema, table, column, position, typeof e.detail]);
                }
            }
            return fields
        }
    """

    assert evaluate(items, "json", body) == [
        [True, True, "23514", "named", "public", "item", None, None, "string"],
        [True, True, "23502", None, "public", "item", "name", None, "string"],
        [True, True, "23503", "part_id_fkey", "public", "part", None, None, "string"],
        [True, True, "42703", None, None, None, None, 8, "undefined"],
    ]


def test_uncaught_error_goes_on_as_it_was(items: Connection) -> None:
    items.execute("insert into item values (1, 'a')")

    with refused("23505") as refusal:
        evaluate(
            items, "void", "await ctx.db.exec(\"insert into item values (1, 'b')\")"
        )

    assert refusal.message == (
        'duplicate key value violates unique constraint "item_pkey"'
    )
    assert refusal.detail == "Key (id)=(1) already exists."
    assert refusal.diagnostic.constraint_name == "item_pkey"
    assert refusal.diagnostic.table_name == "item"
    assert refusal.diagnostic.schema_name == "public"


def test_rethrown_error_goes_on_as_it_was(items: Connection) -> None:
    body = """
        try { await ctx.db.exec("insert into part values (1)") } catch (e) { throw e }
    """

    with refused("23503") as refusal:
        evaluate(items, "void", body)

    assert refusal.diagnostic.constraint_name == "part_id_fkey"


def test_error_raised_in_plpgsql_keeps_detail_and_hint(shared: Connection) -> None:
    shared.execute(
        "create or replace function raising() returns void language plpgsql "
        "as $$ begin "
        "raise exception 'm' using errcode = 'AB123', detail = 'd', hint = 'h', "
        "constraint = 'c', datatype = 't'; end $$"
    )

    with refused("AB123") as refusal:
        evaluate(shared, "void", "await ctx.db.exec('select raising()')")

    assert (refusal.message, refusal.detail, refusal.hint) == ("m", "d", "h")
    assert refusal.diagnostic.constraint_name == "c"
    assert refusal.diagnostic.datatype_name == "t"
    assert "PL/pgSQL function raising() line 1 at RAISE" in refusal.context


def test_syntax_error_points_into_the_statement(shared: Connection) -> None:
    with refused("42601") as refusal:
        evaluate(shared, "void", "await ctx.db.exec('select 1 frm x')")

    assert refusal.diagnostic.internal_query == "select 1 frm x"
    assert refusal.diagnostic.internal_position == "14"


def test_several_statements_run_in_order(items: Connection) -> None:
    body = """
        await ctx.db.exec(
            "create temp table fresh (a int); insert into fresh values (1), (2)");
        const sql = "insert into fresh values (3); select count(*)::int n from fresh";
        return ctx.db.query(sql)
    """

    assert evaluate(items, "json", body) == [{"n": 3}]


def test_several_statements_fail_as_one(items: Connection) -> None:
    body = """
        const insert = "insert into item values";
        const sql = `${insert} (1, 'a'); ${insert} (1, 'b')`;
        try { await ctx.db.exec(sql) } catch {}
    """

    evaluate(items, "void", body)

    assert fetch(items, "select count(*) from item") == 0


@pytest.mark.parametrize(
    "command",
    ["begin", "commit", "rollback", "savepoint a", "select 1; commit", "abort", "end"],
)
def test_transaction_commands_are_refused(items: Connection, command: str) -> None:
    body = f"""
        await ctx.db.exec("insert into item values (1, 'a')");
        try {{ await ctx.db.exec("{command}") }}
        catch (e: any) {{
            const rows = await ctx.db.query('select id from item');
            return e.code + ' ' + rows.length;
        }}
        return 'ran'
    """

    assert evaluate(items, "text", body) == "0A000 1"


@pytest.mark.parametrize("command", ["copy item to stdout", "copy item from stdin"])
def test_copy_through_the_client_is_refused(items: Connection, command: str) -> None:
    with refused("0A000"):
        evaluate(items, "void", f"await ctx.db.exec('{command}')")


def test_nested_calls_through_sql(shared: Connection) -> None:
    define(
        shared,
        "fact(n int) returns int strict",
        "if (n <= 1) return 1;\n"
        "return n * ctx.db.sync.query<any>('select fact($1) f', [n - 1])[0].f",
    )
    define(
        shared,
        "fact_async(n int) returns int strict",
        "if (n <= 1) return 1;\n"
        "return n * (await ctx.db.query<any>('select fact_async($1) f', [n - 1]))[0].f",
    )

    assert fetch(shared, "select fact(10), fact_async(10)") == 3628800
    assert fetch(shared, "select fact_async(10)") == 3628800


def test_nested_error_reaches_the_outer_catch(shared: Connection) -> None:
    define(shared, "inner_fails() returns int", "throw new RangeError('deep')")
    body = """
        try { ctx.db.sync.query('select inner_fails()') }
        catch (e: any) { return e.code + ' ' + e.message }
        return 'none'
    """

    assert evaluate(shared, "text", body) == "38000 deep"


def test_nested_call_while_microtasks_run_has_a_context_of_its_own(
    shared: Connection,
) -> None:
    define(
        shared,
        "inner_async() returns int",
        "return await Promise.resolve(20).then((n) => n + 1)",
    )
    body = """
        const nested = () => ctx.db.sync.query<any>('select inner_async() as n')[0].n;
        const results = await Promise.all([0, 1, 2].map(async () => {
            await null;
            return nested();
        }));
        return results.join() + ' ' + nested()
    """

    assert evaluate(shared, "text", body) == "21,21,21 21"


def test_statements_see_what_earlier_ones_wrote(items: Connection) -> None:
    body = """
        await ctx.db.exec("insert into item values (1, 'a')");
        const seen = ctx.db.sync.query('select id from item').length;
        await ctx.db.exec("insert into item values (2, 'b')");
        return seen * 10 + (await ctx.db.query('select id from item')).length
    """

    assert evaluate(items, "int", body) == 12


def test_writes_go_with_the_callers_rollback(items: Connection) -> None:
    define(
        items,
        "put() returns void",
        "await ctx.db.exec(\"insert into item values (1, 'a')\")",
    )
    with items.transaction(force_rollback=True):
        items.execute("select put()")

    assert fetch(items, "select count(*) from item") == 0


def test_a_caught_error_undoes_only_its_own_statement_in_a_trigger(
    items: Connection,
) -> None:
    items.execute(
        "create function deny() returns trigger language plpgsql as "
        "$$ begin raise exception 'denied'; end $$; "
        "create trigger deny before insert on part for each row execute function deny()"
    )
    body = """
        await ctx.db.exec("insert into item values (1, 'a')");
        try { await ctx.db.exec("insert into part values (1)") }
        catch (e: any) {
            return e.code + (await ctx.db.query('select 1 from item')).length;
        }
        return 'none'
    """

    assert evaluate(items, "text", body) == "P00011"
