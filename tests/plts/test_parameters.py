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
