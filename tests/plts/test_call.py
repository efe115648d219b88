"""Calls: plain bodies, modules, parameters, nulls and results."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, define, evaluate, fetch, refused


def test_plain_body(shared: Connection) -> None:
    define(shared, "add(a int, b int) returns int strict", "return a + b")

    assert fetch(shared, "select add(2, 3)") == 5


def test_the_readme_form_without_newlines(shared: Connection) -> None:
    shared.execute(
        "create or replace function add_sql(a int, b int) returns int strict "
        "language plts as 'return a + b'"
    )

    assert fetch(shared, "select add_sql(2, 3)") == 5


def test_module_is_called_with_ctx(shared: Connection) -> None:
    define(
        shared,
        "module_add(a int, b int) returns int",
        "export default (ctx: any) => ctx.args.a + ctx.args.b",
    )

    assert fetch(shared, "select module_add(2, 3)") == 5


@pytest.mark.parametrize(
    "body",
    [
        "export default function () { return 7 }",
        "export default function named() { return 7 }",
        "export default async function () { return 7 }",
        "export default async () => 7",
        "const f = () => 7; export default f",
        "const f = () => 7; export { f as default }",
        "export const helper = 7; export default () => helper",
        "import { query } from '@stopgap/runtime'; export default query(() => 7)",
        "import { mutation } from '@stopgap/runtime'; export default "
        "mutation(async () => 7)",
        "export default (() => 7) satisfies () => number",
        "class A { static n = 7 } export default () => A.n",
        "enum E { A = 7 } export default () => E.A",
        "namespace N { export const n = 7 } export default () => N.n",
    ],
)
def test_form_of_module(shared: Connection, body: str) -> None:
    assert evaluate(shared, "int", body) == 7


@pytest.mark.parametrize(
    "body",
    [
        "return 7",
        "return 7;",
        "\n\n  return 7\n",
        "const f = () => 7; return f()",
        "function f() { return 7 } return f()",
        "return 7 // a comment at the end",
        "/* export default */ return 7",
        "const s = 'export default 1'; return 7 + s.length * 0",
        "const s = `\nexport default 1\nimport x from 'y'`; return 7 + s.length * 0",
        "// export default () => 8\nreturn 7",
        "if (1 > 2) return 8; else return 7",
        "switch (1 as number) { case 1: return 7; default: return 8 }",
        "for (const n of [7]) return n; return 8",
        "try { throw 1 } catch { return 7 }",
        "type T = number; interface I { a: T } const i: I = { a: 7 }; return i.a",
        "enum E { A = 7 } return E.A",
        "class A { static #n = 7; static get() { return A.#n } } return A.get()",
        "using_: for (;;) { break using_ } return 7",
        "const of = 7; return of",
        "return await Promise.resolve(7)",
        "const f = async () => 7; return await f()",
    ],
)
def test_form_of_plain_body(shared: Connection, body: str) -> None:
    assert evaluate(shared, "int", body) == 7


def test_empty_body_is_null(shared: Connection) -> None:
    assert evaluate(shared, "void", "") == ""


@pytest.mark.parametrize("body", ["", "if (Math.random() > 2) return 1"])
def test_body_that_may_end_without_a_value_is_refused(
    shared: Connection, body: str
) -> None:
    with refused("42P13"):
        evaluate(shared, "int", body)


@pytest.mark.parametrize(
    ("parameters", "body", "call"),
    [
        ("int, int", "return $1! + $2!", "(3, 4)"),
        ("a int, int", "return a! + $2!", "(3, 4)"),
        ('"Mixed" int, b int', "return Mixed! + b!", "(3, 4)"),
        ('"with space" int, b int', "return $1! + b!", "(3, 4)"),
        ('"class" int, "await" int', "return $1! + $2!", "(3, 4)"),
        ('"$odd" int, _ int', "return $odd! + _!", "(3, 4)"),
        ('"ž" int, "日本" int', "return $1! + $2!", "(3, 4)"),
        ('"a""b" int, "c\\d" int', "return $1! + $2!", "(3, 4)"),
        ('"*/" int, "//" int', "return $1! + $2!", "(3, 4)"),
        ('"a){evil()" int, b int', "return $1! + b!", "(3, 4)"),
        ("ctx int, b int", "return ctx! + b!", "(3, 4)"),
        ("undefined int, nan int", "return $1! + nan!", "(3, 4)"),
        ("arguments int, eval int", "return $1! + $2!", "(3, 4)"),
        ('"Array" int, "Object" int', "return Array! + Object!", "(3, 4)"),
        ("a int default 3, b int default 4", "return a! + b!", "()"),
        ("a int, b int", "return a! + b!", "(b => 4, a => 3)"),
        ("variadic n int[]", "return n!.reduce<number>((a, b) => a + b!, 0)", "(3, 4)"),
        ("inout a int, in b int", "return a! + b!", "(3, 4)"),
        ("a int, out b int", "return a! + 4", "(3)"),
    ],
)
def test_parameters(shared: Connection, parameters: str, body: str, call: str) -> None:
    returns = "" if "out " in parameters else "returns int"
    shared.execute("drop function if exists parameters")
    define(shared, f"parameters({parameters}) {returns}", body)

    assert fetch(shared, f"select parameters{call}") == 7


def test_a_hundred_parameters(shared: Connection) -> None:
    names = [f"p{number}" for number in range(100)]
    define(
        shared,
        f"hundred({', '.join(f'{name} int' for name in names)}) returns int strict",
        f"return {' + '.join(names)}",
    )

    values = ", ".join(str(number) for number in range(100))
    assert fetch(shared, f"select hundred({values})") == sum(range(100))


def test_strict_function_is_not_called_for_null(shared: Connection) -> None:
    define(shared, "strictly(a int) returns int strict", "throw new Error('called')")

    assert fetch(shared, "select strictly(null)") is None


def test_null_arguments_are_null(shared: Connection) -> None:
    define(
        shared,
        "nulls(a int, b text, c jsonb, d int[]) returns json",
        "return [a, b, c, d].map((value) => value === null)",
    )

    assert fetch(shared, "select nulls(null, null, null, null)") == [True] * 4


def test_forgotten_null_names_strict(shared: Connection) -> None:
    with refused("42P13") as refusal:
        define(shared, "forgets(a int) returns int", "return a + 1")

    assert "STRICT" in refusal.message


@pytest.mark.parametrize("value", ["null", "undefined"])
def test_null_and_undefined_are_null(shared: Connection, value: str) -> None:
    assert evaluate(shared, "int", f"return {value} as any") is None


@pytest.mark.parametrize("returned", ["undefined", "null", "1", "'text'", "{ a: 1 }"])
def test_void_takes_anything(shared: Connection, returned: str) -> None:
    assert evaluate(shared, "void", f"return {returned} as any") == ""


def test_out_parameters_are_one_row(shared: Connection) -> None:
    define(
        shared,
        "divide(a int, b int, out quotient int, out remainder int) strict",
        "return { quotient: Math.trunc(a / b), remainder: a % b }",
    )

    row = shared.execute("select * from divide(17, 5)").fetchone()

    assert row == (3, 2)
    assert fetch(shared, "select (divide(17, 5)).remainder") == 2


def test_out_parameters_with_odd_names(shared: Connection) -> None:
    define(
        shared,
        'odd_out(out "a b" int, out "__proto__" text)',
        "return { 'a b': 1, ['__proto__']: 'x' } as any",
    )

    assert shared.execute("select * from odd_out()").fetchone() == (1, "x")


def test_missing_out_parameter_is_null(shared: Connection) -> None:
    define(shared, "partial(out a int, out b int)", "return { a: 1 } as any")

    assert shared.execute("select * from partial()").fetchone() == (1, None)


def test_null_instead_of_a_row(shared: Connection) -> None:
    define(shared, "no_row(out a int, out b int)", "return null")

    assert shared.execute("select * from no_row()").fetchone() == (None, None)


def test_composite_result_is_one_row(connection: Connection) -> None:
    connection.execute("create type pair as (x int, y text)")
    define(connection, "make() returns pair", "return { x: 1, y: 'a' }")

    assert connection.execute("select * from make()").fetchone() == (1, "a")


def test_call_in_every_place_of_a_query(connection: Connection) -> None:
    define(connection, "twice(n int) returns int strict immutable", "return n * 2")
    connection.execute("create table t (a int check (twice(a) > 0), b int)")
    connection.execute("create index on t (twice(a))")
    connection.execute("insert into t select g, g % 3 from generate_series(1, 9) g")

    row = connection.execute(
        "select sum(twice(a)) from t where twice(b) = 2 group by twice(b) "
        "having count(twice(a)) > 0 order by max(twice(a))"
    ).fetchone()

    assert row == (24,)
    with refused("23514"):
        connection.execute("insert into t values (-1, 0)")


def test_use_in_an_aggregate(connection: Connection) -> None:
    define(
        connection,
        "longer(a text, b text) returns text",
        "return (a ?? '').length >= (b ?? '').length ? a : b",
    )
    connection.execute("create aggregate longest(text) (sfunc = longer, stype = text)")

    value = fetch(
        connection, "select longest(v) from (values ('a'), ('ccc'), ('bb')) x(v)"
    )

    assert value == "ccc"


def test_use_as_an_operator_and_cast(connection: Connection) -> None:
    define(
        connection, "joined(a text, b text) returns text strict", "return a + '~' + b"
    )
    connection.execute(
        "create operator ~+~ (function = joined, leftarg = text, rightarg = text)"
    )

    assert fetch(connection, "select 'a'::text ~+~ 'b'::text") == "a~b"


def test_many_rows(shared: Connection) -> None:
    define(shared, "plus_one(n int) returns int strict", "return n + 1")

    value = fetch(shared, "select sum(plus_one(g)) from generate_series(1, 50000) g")

    assert value == sum(range(2, 50_002))


def test_console_and_result_in_other_encodings(cluster_in_latin1: Connection) -> None:
    define(cluster_in_latin1, "echo(t text) returns text strict", "return t + 'é'")

    assert fetch(cluster_in_latin1, "select echo('ü')") == "üé"
    with refused("22P05"):
        evaluate(cluster_in_latin1, "text", "return '\\u65e5'")


def test_body_in_another_encoding(cluster_in_latin1: Connection) -> None:
    assert evaluate(cluster_in_latin1, "int", "return 'éü'.length") == 2
