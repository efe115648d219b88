"""json and jsonb: what is decoded, what is encoded, and what is refused."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.plts.support import Connection, define, evaluate, fetch, refused


@pytest.fixture(autouse=True)
def _functions(shared: Connection) -> None:
    for sql_type in ("json", "jsonb"):
        define(shared, f"echo(x {sql_type}) returns {sql_type}", "return x")
        define(
            shared,
            f"kind(x {sql_type}) returns text",
            "return x === null ? 'null' : Array.isArray(x) ? 'array' : typeof x",
        )
        define(shared, f"shown(x {sql_type}) returns text", "return String(x)")


@pytest.mark.parametrize("sql_type", ["json", "jsonb"])
@pytest.mark.parametrize(
    "document",
    [
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-1.5",
        '""',
        '"text"',
        '"\\u00e9 \\ud83d\\ude00 \\" \\\\ \\n \\u0001"',
        "[1, [2, [3, []]], {}]",
        '{"a": {"b": {"c": [null, true, {"d": "e"}]}}}',
        "9007199254740991",
        "9007199254740993",
        "-9007199254740993",
        "123456789012345678901234567890",
        "[18446744073709551616, 1]",
        "1e15",
        "123456789.125",
        '{"": 1, " ": 2, "__proto__": 3, "constructor": 4, "1": 5, "length": 6}',
        '{"2": "b", "1": "a"}',
        '["1234567890123456789012345"]',
        '["a1e5", "1E5"]',
        "[0.1, 1e-7, 5e-324, 1.7976931348623157e308]",
        "1" + "0" * 300,
    ],
)
def test_document_survives(shared: Connection, sql_type: str, document: str) -> None:
    same = fetch(
        shared, f"select echo(%s::{sql_type})::jsonb = %s::jsonb", [document, document]
    )

    if document == "null":
        assert same is None or same is True
    else:
        assert same is True


@pytest.mark.parametrize("sql_type", ["json", "jsonb"])
@pytest.mark.parametrize(
    ("document", "kind", "shown"),
    [
        ("9007199254740991", "number", "9007199254740991"),
        ("9007199254740992", "bigint", "9007199254740992"),
        ("9007199254740993", "bigint", "9007199254740993"),
        ("-9007199254740993", "bigint", "-9007199254740993"),
        ("1" + "0" * 40, "bigint", "1" + "0" * 40),
        ("0.5", "number", "0.5"),
        ("1e3", "number", "1000"),
        ('"x"', "string", "x"),
        ("[1,2]", "array", "1,2"),
        ("{}", "object", "[object Object]"),
        ("true", "boolean", "true"),
        ("-0", "number", None),
    ],
)
def test_javascript_sees(
    shared: Connection, sql_type: str, document: str, kind: str, shown: str | None
) -> None:
    assert fetch(shared, f"select kind(%s::{sql_type})", [document]) == kind
    if shown is not None:
        assert fetch(shared, f"select shown(%s::{sql_type})", [document]) == shown


@pytest.mark.parametrize("sql_type", ["json", "jsonb"])
def test_fraction_out_of_range_is_refused(shared: Connection, sql_type: str) -> None:
    with refused("22003"):
        fetch(shared, f"select echo(%s::{sql_type})", ["1" + "0" * 400 + ".5"])


def test_json_keeps_the_order_of_keys(shared: Connection) -> None:
    text = fetch(shared, 'select echo(\'{"z":1,"a":2,"m":3}\'::json)::text')

    assert text == '{"z":1,"a":2,"m":3}'


def test_last_of_duplicate_keys_wins(shared: Connection) -> None:
    for sql_type in ("json", "jsonb"):
        text = fetch(
            shared, f'select echo(\'{{"a":1,"b":2,"a":3}}\'::{sql_type})::jsonb::text'
        )
        assert text == '{"a": 3, "b": 2}'


def test_large_integers_in_json_with_duplicates(shared: Connection) -> None:
    text = fetch(shared, 'select echo(\'{"b":9007199254740993,"a":1}\'::json)::text')

    assert text == '{"b":9007199254740993,"a":1}'


@pytest.mark.parametrize("sql_type", ["json", "jsonb"])
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("{ a: undefined, b: null, c: 1 }", '{"b": null, "c": 1}'),
        ("[undefined, null, , 1]", "[null, null, null, 1]"),
        ("new Date(0)", '"1970-01-01T00:00:00.000Z"'),
        ("{ d: new Date(0) }", '{"d": "1970-01-01T00:00:00.000Z"}'),
        ("{ toJSON: () => 5 }", "5"),
        ("[{ toJSON: (key: string) => 'key ' + key }]", '["key 0"]'),
        ("{ a: { toJSON: (key: string) => 'key ' + key } }", '{"a": "key a"}'),
        ("{ toJSON: 5 }", '{"toJSON": 5}'),
        ("{ a: { toJSON: () => undefined }, b: 1 }", None),
        ("2n ** 64n", "18446744073709551616"),
        ("-(2n ** 64n)", "-18446744073709551616"),
        ("{ a: 1n }", '{"a": 1}'),
        ("-0", "0"),
        ("1e21", "1000000000000000000000"),
        ("5e-324", None),
        ("new Number(5)", "5"),
        ("new String('x')", '"x"'),
        ("new Boolean(false)", "false"),
        ("Object(1n)", "1"),
        (
            "Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } })",
            '{"own": 2}',
        ),
        ("Object.create(null)", "{}"),
        ("new (class { a = 1; #b = 2; get c() { return 3 } })()", '{"a": 1}'),
        ("{ [Symbol('s')]: 1, a: 2 }", '{"a": 2}'),
        ("{ get a() { return 7 } }", '{"a": 7}'),
        ("Object.assign([1], { extra: 2 })", "[1]"),
        ("Object.assign(new Error('x'), { toJSON: () => 'x' })", '"x"'),
        ("new Proxy({ a: 1 }, {})", '{"a": 1}'),
        ("new Proxy([1, 2], {})", "[1, 2]"),
        ("'\\u{1F600}'", '"😀"'),
        ("{ '\\u{1F600}': 1 }", '{"😀": 1}'),
        ("'\\u0001\\u001f\\u007f\\u2028'", None),
        ("[[[]]]", "[[[]]]"),
        ("Array(3)", "[null, null, null]"),
        ("undefined", None),
        ("null", None),
    ],
)
def test_encoded(
    shared: Connection, sql_type: str, expression: str, expected: str | None
) -> None:
    shared.execute("drop function if exists encoded()")
    define(shared, f"encoded() returns {sql_type}", f"return ({expression}) as any")

    text = fetch(shared, "select encoded()::jsonb::text")

    if expected is not None:
        assert text == expected


@pytest.mark.parametrize("sql_type", ["json", "jsonb"])
@pytest.mark.parametrize(
    ("expression", "sqlstate"),
    [
        ("NaN", "22003"),
        ("Infinity", "22003"),
        ("{ a: -Infinity }", "22003"),
        ("() => 1", "42804"),
        ("{ a: () => 1 }", "42804"),
        ("[Symbol('x')]", "42804"),
        ("new Map([[1, 2]])", "42804"),
        ("new Set([1])", "42804"),
        ("new Uint8Array([1])", "42804"),
        ("/x/", "42804"),
        ("Promise.resolve(1), { a: Promise.resolve(1) }", "42804"),
        ("new WeakMap()", "42804"),
        ("new Date(NaN)", "22003"),
        ("{ a: [new Date('never')] }", "22003"),
        ("new Error('x')", "42804"),
        ("{ error: new (class Refused extends TypeError {})('x') }", "42804"),
        ("Object.assign(new Error('x'), { code: 5 })", "42804"),
        ("[1].values()", "42804"),
        ("{ all: 'abc'[Symbol.iterator]() }", "42804"),
        ("new Map([[1, 2]]).entries()", "42804"),
        ("new Set([1]).values()", "42804"),
        ("(function* () { yield 1 })()", "42804"),
        ("(async function* () { yield 1 })()", "42804"),
        ("'a1b2'.matchAll(/[0-9]/g)", "42804"),
        ("new URLSearchParams('a=1')", "42804"),
        ("{ query: new URL('http://a.example/?b=1').searchParams }", "42804"),
        ("new TextEncoder()", "42804"),
        ("new Proxy(new Map([[1, 2]]), {})", "42804"),
        ("new Proxy(new Proxy(new URLSearchParams('a=1'), {}), {})", "42804"),
        ("{ done: false, next: () => 1 }", "42804"),
        ("new AggregateError([new Error('x')])", "42804"),
        ("new WeakRef({})", "42804"),
        ("new Intl.DateTimeFormat('en')", "42804"),
        ("new Intl.NumberFormat('en')", "42804"),
        ("new (class { #hidden = 1 })()", "42804"),
        ("Object.create({ inherited: 1 })", "42804"),
        ("new ArrayBuffer(1)", "42804"),
        ("new DataView(new ArrayBuffer(1))", "42804"),
        ("new BigUint64Array(1)", "42804"),
        ("Object(Symbol('x'))", "42804"),
        ("'\\ud800'", "22021"),
        ("{ '\\ud800': 1 }", "22021"),
        ("{ a: ['\\udc00'] }", "22021"),
        ("(() => { const a: any = {}; a.a = a; return a })()", "54001"),
        ("(() => { const a: any[] = []; a.push(a); return a })()", "54001"),
        ("{ toJSON() { throw new Error('no') } }", "38000"),
        ("{ get a() { throw new Error('no') } }", "38000"),
        ("[1, { get a() { return this.b.c } }]", "38000"),
        (
            "(() => { let a: any = 1; for (let i = 0; i < 100_000; i++) a = "
            "[a]; return a })()",
            "54001",
        ),
        (
            "(() => { let a: any = 1; for (let i = 0; i < 100_000; i++) a = "
            "{ a }; return a })()",
            "54001",
        ),
    ],
)
def test_refused(
    shared: Connection, sql_type: str, expression: str, sqlstate: str
) -> None:
    with refused(sqlstate):
        evaluate(shared, sql_type, f"return ({expression}) as any")


@pytest.mark.parametrize("sql_type", ["jsonb", "json"])
@pytest.mark.parametrize(
    "body",
    [
        "const d: any = {}; d.self = d; return d",
        "const d = ctx.args.doc; d.self = d; return d",
        "const d = ctx.args.doc; d.items.push(d.items); return d",
        "const d = ctx.args.doc; d.items[0].up = [{ d }]; return d",
        "const d = ctx.args.doc; return { a: d, b: Object.assign(d, { d: [d] }) }",
        "const d: any = [Array(20000).fill({ n: 1 })]; d.push({ d }); return d",
        "let d: any = { big: Array(2000).fill('x') }; const first = d;"
        "for (let i = 0; i < 100; i++) d = { d }; first.d = d; return d",
    ],
)
def test_what_refers_to_itself_is_refused_at_once(
    shared: Connection, sql_type: str, body: str
) -> None:
    shared.execute(
        f"create or replace function cyclic(doc jsonb) returns {sql_type} language plts"
        f" as $$ export default (ctx: Ctx<{{ doc: any }}>) => {{ {body} }} $$".encode()
    )
    shared.execute("set statement_timeout = '5s'")

    with refused("54001") as refusal:
        shared.execute(
            "select cyclic((select jsonb_build_object('items',"
            " (select jsonb_agg(jsonb_build_object('n', n))"
            " from generate_series(1, 20000) n))))"
        )

    shared.execute("reset statement_timeout; drop function cyclic(jsonb)")
    assert "refers to itself" in refusal.message


def test_what_is_there_twice_does_not_refer_to_itself(shared: Connection) -> None:
    value = evaluate(
        shared, "jsonb", "const a = [1]; return { a, b: [a, { a }], c: [[[a]]] }"
    )

    assert value == {"a": [1], "b": [[1], {"a": [1]}], "c": [[[[1]]]]}


def test_nul_is_refused_by_jsonb(shared: Connection) -> None:
    with refused("22021"):
        evaluate(shared, "jsonb", "return 'a\\0b'")


def test_deep_document_within_the_stack_survives(shared: Connection) -> None:
    document = "[" * 1000 + "]" * 1000

    assert fetch(shared, "select echo(%s::jsonb)::text", [document]) == document


@pytest.mark.parametrize("sql_type", ["json", "jsonb"])
def test_too_deep_document_is_an_error(shared: Connection, sql_type: str) -> None:
    document = "[" * 100_000 + "]" * 100_000

    with pytest.raises(psycopg.errors.StatementTooComplex):
        fetch(shared, f"select echo(%s::{sql_type})::text", [document])

    shared.execute("reset max_stack_depth")
    assert fetch(shared, "select echo('1'::jsonb)") == 1


def test_large_document_survives(shared: Connection) -> None:
    document = json.dumps(
        [{"id": i, "name": f"item {i}", "tags": ["a", "b"]} for i in range(20_000)]
    )

    assert fetch(shared, "select echo(%s::jsonb) = %s::jsonb", [document, document])


def test_toasted_document(connection: Connection) -> None:
    connection.execute("create table t (d jsonb)")
    connection.execute(
        "insert into t select jsonb_agg(md5(g::text)) from generate_series(1, 5000) g"
    )
    define(connection, "size(d jsonb) returns int strict", "return d.length")

    assert fetch(connection, "select size(d) from t") == 5000


def test_args_document_is_ctx_args_itself(connection: Connection) -> None:
    define(
        connection,
        "whole(args jsonb) returns jsonb",
        "export default (ctx: any) => [ctx.args, typeof ctx.args]",
    )

    assert fetch(connection, "select whole('[1]')") == [[1], "object"]
    assert fetch(connection, "select whole('5')") == [5, "number"]
    assert fetch(connection, "select whole(null)") == [None, "object"]


def test_argument_can_be_changed_without_changing_the_row(
    connection: Connection,
) -> None:
    connection.execute("create table t as select '{\"a\":[1]}'::jsonb as d")
    define(
        connection,
        "changes(d jsonb) returns jsonb strict",
        "d.a.push(2); d.b = 3; delete d.c; return d",
    )

    row = connection.execute("select changes(d), d from t").fetchone()

    assert row == ({"a": [1, 2], "b": 3}, {"a": [1]})
