"""Parameters of statements: their forms, and the types the server infers."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, evaluate, refused

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
def items(session: Connection) -> Connection:
    """A session in a schema of the test's own, with a small table."""
    session.execute(ITEM)
    return session


@pytest.mark.parametrize(
    "input_form",
    [
        "'select $1::int + $2::int as sum', [1, 2]",
        "{ sql: 'select $1::int + $2::int as sum', params: [1, 2] }",
        "{ toSQL: () => ({ sql: 'select $1::int + $2::int as sum', params: [1, 2] }) }",
    ],
    ids=["text", "object", "builder"],
)
@pytest.mark.parametrize("call", ["await ctx.db.query", "ctx.db.sync.query"])
def test_every_form_of_input(shared: Connection, call: str, input_form: str) -> None:
    assert evaluate(shared, "json", f"return {call}({input_form})") == [{"sum": 3}]


@pytest.mark.parametrize(
    "input_form",
    [
        "1 as any",
        "null as any",
        "{} as any",
        "{ toSQL: () => 1 } as any",
        "'', 5 as any",
    ],
)
def test_other_input_is_refused(shared: Connection, input_form: str) -> None:
    body = f"""
        try {{ await ctx.db.query({input_form}) }}
        catch (e) {{ return e instanceof Error }}
        return false
    """

    assert evaluate(shared, "bool", body) is True


@pytest.mark.parametrize(
    ("sql_type", "expression", "expected"),
    [
        ("int", "7", "7"),
        ("int", "7n", "7"),
        ("bigint", "2n ** 60n", "1152921504606846976"),
        ("numeric", "'1.50'", "1.50"),
        ("numeric", "1.5", "1.5"),
        ("float8", "0.1", "0.1"),
        ("bool", "true", "true"),
        ("text", "'x'", "x"),
        ("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", None),
        ("timestamptz", "new Date(0)", "1970-01-01 00:00:00+00"),
        ("date", "'2024-02-29'", "2024-02-29"),
        ("bytea", "new Uint8Array([1, 255])", "\\x01ff"),
        ("int[]", "[1, null, 3]", "{1,NULL,3}"),
        ("text[]", "['a', 'b,c']", '{a,"b,c"}'),
        ("int[]", "[]", "{}"),
        ("jsonb", "{ a: [1] }", '{"a": [1]}'),
        ("jsonb", "[1, 2]", "[1, 2]"),
        ("jsonb", "1", "1"),
        ("jsonb", "true", "true"),
        ("jsonb", "'{\"a\":1}'", '{"a": 1}'),
        ("json", "'[ 1 ]'", "[ 1 ]"),
        ("json", "{ b: 1, a: 2 }", '{"b":1,"a":2}'),
        ("int4range", "'[1,3)'", "[1,3)"),
        ("text", "null", None),
        ("text", "undefined", None),
    ],
)
def test_parameter_becomes_what_the_server_infers(
    shared: Connection, sql_type: str, expression: str, expected: str | None
) -> None:
    if sql_type == "uuid":
        expected = expression.strip("'")
    shared.execute("set timezone = 'UTC'")
    body = f"""
        const sql = 'select $1::{sql_type}::text as text';
        return ctx.db.sync.query<{{ text: string }}>(sql, [{expression}])[0]!.text
    """

    assert evaluate(shared, "text", body) == expected


def test_parameter_type_is_inferred_from_where_it_stands(items: Connection) -> None:
    body = """
        await ctx.db.exec(
            'insert into item (id, name, price, tags, data) ' +
            'values ($1, $2, $3, $4, $5)',
            [1, 'a', '9.990', ['x', 'y'], { k: 1n }]);
        return (await ctx.db.query('select * from item where id = $1', [1]))[0]
    """

    assert evaluate(items, "json", body) == {
        "id": 1,
        "name": "a",
        "price": "9.99",
        "tags": ["x", "y"],
        "data": {"k": 1},
    }


def test_json_wrapper_binds_a_string_as_a_value(shared: Connection) -> None:
    body = """
        import { json } from "@stopgap/runtime";
        export default (ctx: any) => ctx.db.sync.query(
            'select $1::jsonb as a, $2::json as b, $3::jsonb as c, $4::jsonb as d',
            [json('{"a":1}'), json("x"), json([1, 2n]), json(null)])[0]
    """

    assert evaluate(shared, "json", body) == {
        "a": '{"a":1}',
        "b": "x",
        "c": [1, 2],
        "d": None,
    }


def test_string_that_is_no_json_is_refused_for_json(shared: Connection) -> None:
    with refused("22P02"):
        evaluate(shared, "json", "return ctx.db.query('select $1::jsonb', ['x'])")


def test_refused_parameter_is_named(shared: Connection) -> None:
    with refused("22003") as refusal:
        evaluate(
            shared, "json", "return ctx.db.query('select $1::int, $2::int', [1, 2.5])"
        )

    assert "parameter $2" in refusal.context


@pytest.fixture
def kinds(session: Connection) -> Connection:
    """A session with a composite type, an enum and domains of its own schema."""
    session.execute("set timezone = 'UTC'")
    session.execute("create type mood as enum ('sad', 'it''s \"fine\"')")
    session.execute("create type pair as (a int, b text, moods mood[])")
    session.execute("create type outer_pair as (p pair, more pair[])")
    session.execute("create domain even as int check (value % 2 = 0)")
    session.execute("create domain evens as even[] check (cardinality(value) < 4)")
    session.execute("create domain pair_domain as pair check ((value).a > 0)")
    return session


def bound(connection: Connection, sql_type: str, expression: str) -> object:
    """Return what PostgreSQL says of a parameter of this type, as text."""
    body = f"""
        const sql = 'select $1::{sql_type}::text as text';
        return ctx.db.sync.query<{{ text: string }}>(sql, [{expression}])[0]!.text
    """
    return evaluate(connection, "text", body)


@pytest.mark.parametrize(
    ("sql_type", "expression", "expected"),
    [
        ("int[]", "[[1, 2], [3, null]]", "{{1,2},{3,NULL}}"),
        ("int[]", "[[[1], [2]], [[3], [4]]]", "{{{1},{2}},{{3},{4}}}"),
        ("int[]", "[null]", "{NULL}"),
        ("int[]", "[undefined]", "{NULL}"),
        ("int[]", "[[]]", "{}"),
        ("int[]", "null", None),
        ("text[]", "['', 'NULL', '{', '\"', 'é']", '{"","NULL","{","\\"",é}'),
        ("int8[]", "[2n ** 63n - 1n, -(2n ** 63n), 1]", None),
        ("numeric[]", "[1.5, '2.50', 3n]", "{1.5,2.50,3}"),
        ("bool[]", "[true, false, null]", "{t,f,NULL}"),
        ("bytea[]", "[new Uint8Array([0, 255]), new Uint8Array()]", None),
        ("date[]", "[new Date(0), '2024-02-29']", "{1970-01-01,2024-02-29}"),
        (
            "jsonb[]",
            "[{ a: [1] }, '[\"x\"]', null]",
            r'{"{\"a\": [1]}","[\"x\"]",NULL}',
        ),
        ("json[]", "['{ \"a\" : 1 }', [2]]", r'{"{ \"a\" : 1 }",[2]}'),
        ("mood[]", "['sad', `it's \"fine\"`]", '{sad,"it\'s \\"fine\\""}'),
        ("even[]", "[2, 4]", "{2,4}"),
        ("evens", "[2, 4]", "{2,4}"),
        ("evens", "[]", "{}"),
    ],
)
def test_array_becomes_one_of_its_type(
    kinds: Connection, sql_type: str, expression: str, expected: str | None
) -> None:
    if sql_type == "int8[]":
        expected = "{9223372036854775807,-9223372036854775808,1}"
    if sql_type == "bytea[]":
        expected = '{"\\\\x00ff","\\\\x"}'

    assert bound(kinds, sql_type, expression) == expected


@pytest.mark.parametrize(
    ("sql_type", "expression", "expected"),
    [
        ("pair", "{ a: 1, b: 'x', moods: ['sad'] }", "(1,x,{sad})"),
        ("pair", "{ b: null, a: 1, moods: null }", "(1,,)"),
        (
            "outer_pair",
            "{ p: { a: 1, b: '(', moods: [] }, more: [] }",
            '("(1,""("",{})",{})',
        ),
        (
            "pair[]",
            "[{ a: 1, b: '', moods: null }, null]",
            '{"(1,\\"\\",)",NULL}',
        ),
        ("pair_domain", "{ a: 1, b: null, moods: null }", "(1,,)"),
        ("pair", "null", None),
    ],
)
def test_object_becomes_a_composite(
    kinds: Connection, sql_type: str, expression: str, expected: str | None
) -> None:
    assert bound(kinds, sql_type, expression) == expected


@pytest.mark.parametrize(
    ("sql_type", "expression", "expected"),
    [
        ("bigint", "9223372036854775807n", "9223372036854775807"),
        ("bigint", "-9223372036854775808n", "-9223372036854775808"),
        ("bigint", "Number.MAX_SAFE_INTEGER", "9007199254740991"),
        ("numeric", "2n ** 100n", "1267650600228229401496703205376"),
        ("numeric", "'NaN'", "NaN"),
        ("float8", "-0", "-0"),
        ("float8", "Infinity", "Infinity"),
        ("timestamptz", "new Date(1)", "1970-01-01 00:00:00.001+00"),
        ("timestamptz", "'infinity'", "infinity"),
        ("timestamptz", "'2024-01-01T00:00:00.123456+02:00'", None),
        ("timestamp", "new Date(0)", "1970-01-01 00:00:00"),
        ("date", "new Date(Date.UTC(2024, 1, 29))", "2024-02-29"),
        ("time", "'12:00:00.000001'", "12:00:00.000001"),
        ("bytea", "new Uint8Array()", "\\x"),
        ("bytea", "new Uint8Array([1, 2, 3, 4]).subarray(1, 3)", "\\x0203"),
        ("bytea", "new Uint8Array([1, 2]).buffer", "\\x0102"),
        ("mood", "'sad'", "sad"),
        ("even", "4", "4"),
        ("inet", "'10.0.0.1/8'", "10.0.0.1/8"),
        ("interval", "'1 day 2 hours'", "1 day 02:00:00"),
        ("char(3)", "'a'", "a"),
        ("name", "'a'", "a"),
    ],
)
def test_value_becomes_one_of_its_type(
    kinds: Connection, sql_type: str, expression: str, expected: str | None
) -> None:
    if expected is None:
        expected = "2023-12-31 22:00:00.123456+00"

    assert bound(kinds, sql_type, expression) == expected


@pytest.mark.parametrize(
    ("sql_type", "expression", "sqlstate"),
    [
        ("int[]", "[[1], [2, 3]]", "2202E"),
        ("int[]", "[1, [2]]", "2202E"),
        ("int[]", "5", "42804"),
        ("int[]", "[1.5]", "22003"),
        ("pair", "{ a: 'x', b: null, moods: null }", "42804"),
        ("pair", "5", "42804"),
        ("mood", "'glad'", "22P02"),
        ("even", "3", "23514"),
        ("even[]", "[2, 3]", "23514"),
        ("evens", "[2, 2, 2, 2]", "23514"),
        ("pair_domain", "{ a: 0, b: null, moods: null }", "23514"),
        ("bigint", "2n ** 63n", "22003"),
        ("bigint", "2 ** 53", "22003"),
        ("bigint", "0.5", "22003"),
        ("int", "NaN", "22003"),
        ("date", "new Date(NaN)", "22003"),
        ("bytea", "'x'", "42804"),
        ("text", "'\\\\ud800'", "22021"),
    ],
)
def test_value_of_another_kind_is_refused(
    kinds: Connection, sql_type: str, expression: str, sqlstate: str
) -> None:
    expression = expression.replace("\\\\", "\\")

    with refused(sqlstate) as refusal:
        bound(kinds, sql_type, expression)

    assert "parameter $1" in refusal.context


def test_array_is_searched_by_an_index(session: Connection) -> None:
    session.execute("create table t (id int primary key)")
    session.execute("insert into t select generate_series(1, 1000)")
    session.execute("set enable_seqscan = off")
    body = """
        const sql = 'explain select * from t where id = any($1)';
        return JSON.stringify(await ctx.db.query(sql, [[1, 2, 3]]))
    """

    assert "Index Cond" in evaluate(session, "text", body)


def test_bigint_is_compared_by_an_index(session: Connection) -> None:
    session.execute("create table t (id bigint primary key)")
    session.execute("set enable_seqscan = off")
    body = """
        const sql = 'explain select * from t where id = $1';
        const plan = async (value: unknown) =>
            JSON.stringify(await ctx.db.query(sql, [value]));
        return [await plan(1), await plan(1n)]
    """

    plans = evaluate(session, "text[]", body)

    assert all("Index Cond" in plan for plan in plans)


@pytest.mark.parametrize(
    "form",
    [
        "{ sql: 'select $1::int as a', params: [1] }",
        "{ toSQL: () => ({ sql: 'select $1::int as a', params: [1] }) }",
    ],
    ids=["object", "builder"],
)
def test_parameters_beside_an_object_win_over_its_own(
    session: Connection, form: str
) -> None:
    assert evaluate(session, "json", f"return ctx.db.query({form}, [2])") == [{"a": 2}]


def test_object_takes_the_parameters_that_it_lacks(session: Connection) -> None:
    body = """
        const builder = { toSQL: () => ({ sql: 'select $1::int as a' }) };
        return [
            ...await ctx.db.query({ sql: 'select $1::int as a' }, [1]),
            ...ctx.db.sync.query(builder, [2]),
        ]
    """

    assert evaluate(session, "json", body) == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    "form",
    [
        "{ sql: 'select $1::int[] as a', params: [[1, null]] }",
        "{ toSQL() { return { sql: 'select $1::int[] as a', params: [[1, null]] } } }",
    ],
    ids=["object", "builder"],
)
def test_cursor_takes_every_form_of_input(session: Connection, form: str) -> None:
    body = f"""
        const rows: unknown[] = [];
        for await (const row of ctx.db.cursor({form})) rows.push(row);
        for (const row of ctx.db.sync.cursor({form})) rows.push(row);
        return rows
    """

    assert evaluate(session, "json", body) == [{"a": [1, None]}, {"a": [1, None]}]


def test_builder_is_asked_once_for_what_it_builds(session: Connection) -> None:
    body = """
        let asked = 0;
        const builder = {
            toSQL() { asked++; return { sql: 'select $1::int as a', params: [7] } }
        };
        const [row] = await ctx.db.query<any>(builder);
        return row.a * 10 + asked
    """

    assert evaluate(session, "int", body) == 71


def test_error_of_a_builder_is_its_own(session: Connection) -> None:
    body = """
        const builder = { toSQL(): never { throw new RangeError('cannot build') } };
        await ctx.db.query(builder)
    """

    with refused("38000") as refusal:
        evaluate(session, "void", body)

    assert "cannot build" in refusal.message


def test_parameter_that_is_changed_after_the_call_is_bound_as_it_was_given(
    session: Connection,
) -> None:
    body = """
        const params: number[] = [1];
        const asked = ctx.db.query<any>('select $1::int as a', params);
        params[0] = 2;
        return (await asked)[0].a
    """

    assert evaluate(session, "int", body) == 1


def test_parameter_whose_getter_runs_a_statement(session: Connection) -> None:
    session.execute("create type pair as (a int, b int)")
    body = """
        const nested = {
            get a() { return ctx.db.sync.query<any>('select 5 as n')[0].n },
            b: 2,
        };
        return ctx.db.sync.query<any>('select ($1::pair).a as a', [nested])[0].a
    """

    assert evaluate(session, "int", body) == 5


def test_many_parameters(session: Connection) -> None:
    body = """
        const list = Array.from({ length: 1000 }, (_, i) => `$${i + 1}::int`);
        const values = list.map((_, i) => i);
        const sql = `select array[${list.join()}] as all`;
        return (await ctx.db.query<any>(sql, values))[0].all
    """

    assert evaluate(session, "int[]", body) == list(range(1000))
