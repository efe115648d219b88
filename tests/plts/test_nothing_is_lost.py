"""What does not fit is an error that names it: nothing is lost without a word."""

from __future__ import annotations

import pytest

from tests.fixtures.cluster import RunningCluster
from tests.plts.support import Connection, define, evaluate, fetch, notices, refused

TYPES = """
create type account as ("userId" int, name text, "is admin" bool);
create type team as (leader account, members account[]);
create domain member as account;
create type odd as ("constructor" text, "__proto__" jsonb, "toString" text);
"""


@pytest.fixture(scope="module", autouse=True)
def _types(cluster: RunningCluster, shared_database: str) -> None:
    with cluster.connect(shared_database) as connection:
        connection.execute(TYPES.encode())


# Where an object becomes a row of type account; the way back of `V`.
PLACES = {
    "result": ("account", "return V"),
    "domain": ("member", "return V"),
    "array": ("account[]", "return [V]"),
    "inner": ("team", "return { leader: V, members: [] }"),
    "inner array": ("team", "return { leader: null, members: [null, V] }"),
    "set": ("setof account", "yield V"),
    "table": ("table (n int, who account)", "return [{ n: 1, who: V }]"),
    "columns of a table": ('table ("userId" int, name text)', "return [V]"),
    "parameter": (
        "text",
        "ctx.db.sync.query('select $1::account as a', [V]); return ''",
    ),
    "parameter of an array": (
        "text",
        "await ctx.db.query('select $1::account[] as a', [[V]]); return ''",
    ),
    "parameter of a statement": (
        "text",
        "await ctx.db.exec('select ($1::team).leader', [{ leader: V }]); return ''",
    ),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("value", "property_", "hint"),
    [
        ("{ userid: 5 }", "userid", 'Did you mean "userId"?'),
        ("{ user_id: 5, name: 'x' }", "user_id", 'Did you mean "userId"?'),
        ("{ userId: 5, nmae: 'x' }", "nmae", 'Did you mean "name"?'),
        ("{ password: 'x', userId: 5 }", "password", "Leave the property out"),
        ("{ userId: 1, name: null, 0: 1 }", "0", "Leave the property out"),
        ("{ ...{ userId: 1 }, x: null }", "x", "Leave the property out"),
        (
            "new (class { userId = 5; secret = 1 })()",
            "secret",
            "Leave the property out",
        ),
    ],
)
def test_property_that_is_no_column_is_named(
    shared: Connection, place: str, value: str, property_: str, hint: str
) -> None:
    returns, body = PLACES[place]
    define(
        shared, f"refuse() returns {returns}", body.replace("V", f"({value} as any)")
    )

    with refused("42703") as refusal:
        shared.execute("select * from refuse()")
    shared.execute("drop function refuse()")

    assert f'has a property "{property_}"' in refusal.message
    assert 'Its columns are "userId", "name"' in refusal.detail
    assert refusal.hint.startswith(hint)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{}", "(,,)"),
        ("{ name: 'x' }", "(,x,)"),
        ("{ userid: undefined, name: 'x' }", "(,x,)"),
        ("{ [Symbol('s')]: 1, name: 'x' }", "(,x,)"),
        ("Object.create({ userId: 5, other: 1 })", "(5,,)"),
        ("Object.defineProperty({ userId: 5 }, 'hidden', { value: 1 })", "(5,,)"),
        ("Object.assign(Object.create(null), { userId: 5 })", "(5,,)"),
        ("new (class { userId = 5; get name() { return 'got' } })()", "(5,got,)"),
        ("Object.assign(new Error('x'), { userId: 5 })", "(5,Error,)"),
        ("new Proxy({ userId: 5 }, {})", "(5,,)"),
    ],
)
def test_what_is_no_property_of_its_own_is_no_loss(
    shared: Connection, value: str, expected: str
) -> None:
    define(shared, "fitting() returns account", f"return ({value}) as any")

    assert fetch(shared, "select fitting()::text") == expected


@pytest.mark.parametrize(
    "value",
    [
        "new Map([['userId', 5]])",
        "new Set([5])",
        "new Date()",
        "/x/",
        "[5][Symbol.iterator]()",
        "(function* () { yield 5 })()",
        "new URLSearchParams('userId=5')",
        "new (class { #userId = 5 })()",
        "new Uint8Array([5])",
        "new Number(5)",
        "Promise.resolve({ userId: 5 }), [Promise.resolve({ userId: 5 })][0]",
        "() => ({ userId: 5 })",
        "[5]",
    ],
)
def test_object_of_another_kind_is_no_row(shared: Connection, value: str) -> None:
    with refused("42804"):
        evaluate(shared, "account[]", f"return [({value})] as any")


def test_what_all_objects_have_is_no_column(shared: Connection) -> None:
    body = "return [{}, { constructor: 'a', toString: 'b' }] as any"

    assert evaluate(shared, "odd[]", body) == '{"(,,)","(a,,b)"}'


@pytest.mark.parametrize("returns", ["record", "setof record"])
@pytest.mark.parametrize(
    ("columns", "hint"),
    [("x int", "Leave the property out"), ('"N" int, t text', 'Did you mean "N"?')],
)
def test_row_has_the_columns_that_the_call_names(
    shared: Connection, returns: str, columns: str, hint: str
) -> None:
    value = "[{ n: 1 }]" if "setof" in returns else "{ n: 1 }"
    define(shared, f"named() returns {returns}", f"return {value}")

    with refused("42703") as refusal:
        shared.execute(f"select * from named() as t({columns})".encode())
    row = shared.execute("select * from named() as t(n int, x int)").fetchone()
    shared.execute("drop function named()")

    assert '"n"' in refusal.message
    assert refusal.hint.startswith(hint)
    assert row == (1, None)


def test_output_parameters_take_no_other_property(shared: Connection) -> None:
    define(shared, "outputs(out a int, out b int)", "return { a: 1, c: 2 } as any")
    shared.execute(
        "create procedure inouts(inout a int, inout b int) language plts as "
        "$$ return { a: 1, c: 2 } as any $$"
    )

    for statement in ("select outputs()", "call inouts(1, 2)"):
        with refused("42703"):
            shared.execute(statement.encode())


def test_long_list_of_columns_is_cut(shared: Connection) -> None:
    columns = ", ".join(f"c{i} int" for i in range(100))
    shared.execute(f"create type wide as ({columns})".encode())

    with refused("42703") as refusal:
        evaluate(shared, "wide", "return { c_99: 1 } as any")

    assert len(refusal.detail) < 300
    assert refusal.hint == 'Did you mean "c99"?'


@pytest.mark.parametrize(
    ("sql_type", "expression", "sqlstate"),
    [
        ("float4", "1e-46", "22003"),
        ("float4", "-1e-300", "22003"),
        ("float4", "3.5e38", "22003"),
        ("float4[]", "[[1, 1e-50]]", "22003"),
        ("name", "'é'.repeat(32)", "22001"),
        ("name[]", "['x'.repeat(64)]", "22001"),
        ('"char"', "'ab'", "22001"),
        ('"char"', "'é'", "22001"),
        ("bytea", "gone(new Uint8Array(2))", "22003"),
        ("bytea", "gone(new Uint8Array(2)).buffer", "22003"),
        ("bytea", "new DataView(gone(new Uint8Array(2)).buffer)", "38000"),
    ],
)
def test_value_that_would_be_cut_is_refused(
    shared: Connection, sql_type: str, expression: str, sqlstate: str
) -> None:
    gone = "structuredClone(bytes, { transfer: [bytes.buffer] }); return bytes"
    body = f"const gone = (bytes: any) => {{ {gone} }}; return ({expression}) as any"

    with refused(sqlstate):
        evaluate(shared, sql_type, body)


@pytest.mark.parametrize(
    ("sql_type", "expression", "expected"),
    [
        ("float4", "1e-45", "1e-45"),
        ("float4", "-0", "-0"),
        ("float4", "-Infinity", "-Infinity"),
        ("float4", "3.4028235e38", "3.4028235e+38"),
        ("name", "'x'.repeat(63)", "x" * 63),
        ('"char"', "'a'", "a"),
        ('"char"', "''", ""),
        ("bytea", "new Uint8Array()", "\\x"),
    ],
)
def test_value_that_just_fits(
    shared: Connection, sql_type: str, expression: str, expected: str
) -> None:
    body = f"return ({expression}) as any"

    define(shared, f"fits() returns {sql_type}", body)
    text = fetch(shared, "select fits()::text")
    shared.execute("drop function fits()")

    assert text == expected


def test_every_byte_of_a_char_survives(shared: Connection) -> None:
    define(shared, 'same_char(c "char") returns "char"', "return c")

    assert fetch(
        shared,
        'select bool_and(ascii(same_char(c::"char")) = ascii(c::"char")'
        " or i > 127) from (select i, chr(i) as c from generate_series(1, 255) i) s"
        " where i <> 195",
    )


@pytest.mark.parametrize("sql_type", ["json", "jsonb"])
@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("9007199254740993.0", "bigint 9007199254740993"),
        ("-9007199254740993.000", "bigint -9007199254740993"),
        ("9007199254740993e0", "bigint 9007199254740993"),
        ("1e3", "number 1000"),
        ("1.0", "number 1"),
        ("0.0", "number 0"),
        ("0e10", "number 0"),
        ("1e20", "bigint 100000000000000000000"),
        ("5e-324", "number 5e-324"),
        ("9007199254740991.0", "number 9007199254740991"),
    ],
)
def test_integer_is_one_however_it_is_written(
    shared: Connection, sql_type: str, document: str, expected: str
) -> None:
    define(
        shared,
        f"kind_of(d {sql_type}) returns text",
        "return [d].map((x) => `${typeof x} ${x}`)[0]!",
    )
    text = fetch(shared, f"select kind_of('{document}'::{sql_type})")
    shared.execute(f"drop function kind_of({sql_type})".encode())

    assert text == expected


@pytest.mark.parametrize(
    ("schema", "document", "expected"),
    [
        ("int", "5", "number 5"),
        ("int", "1e3", "number 1000"),
        ("int", "1.0", "number 1"),
        ("int", "-0", "number 0"),
        ("int", "-9007199254740991.0", "number -9007199254740991"),
        ("int", "9007199254740993", None),
        ("int", "1.5", None),
        ("int", '"5"', None),
        ("bigint", "5", "bigint 5"),
        ("bigint", "1e3", "bigint 1000"),
        ("bigint", "1.0", "bigint 1"),
        ("bigint", "-0", "bigint 0"),
        ("bigint", "9007199254740993", "bigint 9007199254740993"),
        ("bigint", "9007199254740993.0", "bigint 9007199254740993"),
        ("bigint", "1e30", "bigint 1" + "0" * 30),
        ("bigint", "0.5", None),
        ("bigint", '"5"', None),
        ("int64", "5", "bigint 5"),
        ("int64", "9223372036854775808", None),
        ("int32", "2147483648", None),
        ("coerce.bigint", '"9007199254740993"', "bigint 9007199254740993"),
    ],
)
def test_schema_of_an_integer_takes_every_one(
    shared: Connection, schema: str, document: str, expected: str | None
) -> None:
    define(
        shared,
        "checked(args jsonb) returns text",
        "import { query, v } from '@stopgap/runtime';"
        f"export default query({{ args: v.object({{ n: v.{schema}() }}),"
        " handler: ({ n }) => `${typeof n} ${n}` })",
    )
    call = f"select checked('{{\"n\": {document}}}')"

    if expected is None:
        with refused("22023"):
            fetch(shared, call)
    else:
        assert fetch(shared, call) == expected


def test_schema_of_an_integer_takes_an_int8(shared: Connection) -> None:
    define(
        shared,
        "of_int8(id int8) returns text",
        "import { query, v } from '@stopgap/runtime';"
        "export default query({ args: v.looseObject({ id: v.int() }),"
        " handler: ({ id }) => `${typeof id} ${id}` })",
    )

    assert fetch(shared, "select of_int8(7)") == "number 7"
    with refused("22023"):
        fetch(shared, "select of_int8(9007199254740993)")


@pytest.mark.parametrize("sql_type", ["json", "jsonb"])
@pytest.mark.parametrize("document", ["1e-400", "[-1e-330]", '{"a": 0.1e-400}'])
def test_number_too_small_for_javascript_is_refused(
    shared: Connection, sql_type: str, document: str
) -> None:
    define(shared, f"small(d {sql_type}) returns text", "return JSON.stringify(d)")

    with refused("22003"):
        fetch(shared, f"select small('{document}'::{sql_type})")
    shared.execute(f"drop function small({sql_type})".encode())


def test_console_says_its_function_once(shared: Connection) -> None:
    define(shared, "inner_talk() returns int", "console.warn('inner'); return 1")
    define(
        shared,
        "outer_talk() returns int",
        "ctx.db.sync.query('select inner_talk() as x'); console.error('outer');"
        " return 1",
    )
    contexts = []
    shared.add_notice_handler(lambda said: contexts.append(said.context or ""))

    with notices(shared) as messages:
        shared.execute("select outer_talk()")

    assert messages == ["inner", "outer"]
    assert contexts[0].count('PL/TS function "public.inner_talk"') == 1
    assert contexts[0].count('PL/TS function "public.outer_talk"') == 1
    assert contexts[1].splitlines() == ['PL/TS function "public.outer_talk"']


def test_bytea_takes_every_view_in_its_type_too(shared: Connection) -> None:
    views = [
        "new DataView(new ArrayBuffer(2))",
        "new ArrayBuffer(2)",
        *(
            f"new {array}(1)"
            for array in (
                "Int8Array",
                "Uint8Array",
                "Uint8ClampedArray",
                "Int16Array",
                "Uint16Array",
                "Int32Array",
                "Uint32Array",
                "Float32Array",
                "Float64Array",
                "BigInt64Array",
                "BigUint64Array",
            )
        ),
    ]

    sizes = [
        len(evaluate(shared, "bytea", f"const view = {view}; return view"))
        for view in views
    ]

    assert sizes == [2, 2, 1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8]
    with refused("42P13"):
        define(shared, "no_view() returns bytea", "return [1, 2]")


# Everything that JavaScript may be given for a value of SQL's.
VALUES = [
    *("null", "undefined", "true", "false"),
    *("0", "-0", "1", "-1", "1.5", "0.1", "1e-50", "1e300", "2 ** 31", "2 ** 53"),
    *("NaN", "Infinity", "-Infinity", "Number.MIN_VALUE", "Number.MAX_SAFE_INTEGER"),
    *("0n", "-5n", "2n ** 53n + 1n", "2n ** 63n", "2n ** 70n"),
    *("''", "'x'", "'1'", "'1.5'", "'true'", "'null'", "'{}'", "'[1]'", "'\\u{1F600}'"),
    *("'x'.repeat(70)", "'a\\ud800'", "'a\\0b'", "'ab  '", "' 7 '", "'\\\\x00'"),
    *("'2024-02-29'", "'{1,2}'", "'(1,2)'", "'NaN'"),
    *("[]", "[1]", "[null]", "[undefined]", "[1, 'x']", "[[1], [2]]", "[[]]", "['a']"),
    *("[1n]", "[NaN]", "[{}]", "[{ a: 1 }]", "[, 1]", "[new Date(0)]", "[() => 1]"),
    *(
        "{}",
        "{ a: 1 }",
        "{ a: null }",
        "{ a: undefined }",
        "{ b: 1 }",
        "{ a: 1, b: 1 }",
    ),
    *("{ A: 1 }", "{ a: 1n }", "{ a: { a: 1 } }", "{ a: [1] }", "Object.create(null)"),
    *("{ a: () => 1 }", "{ a: Symbol() }", "{ a: new Map() }", "{ a: NaN }"),
    *("new Date(0)", "new Date(1234567890123)", "new Date(NaN)"),
    *("new Map([['a', 1]])", "new Set([1])", "new Map()", "new WeakMap()"),
    *("new Error('x')", "new RangeError('y', { cause: 1 })", "/x/g", "() => 1"),
    *("Symbol('s')", "class {}", "[1].values()", "new Map([[1, 2]]).keys()"),
    *("(function* () { yield 1 })()", "'ab'.matchAll(/a/g)"),
    *("new URLSearchParams('a=1')", "new Intl.Collator('en')", "new TextDecoder()"),
    *("new (class { #a = 1 })()", "new (class { a = 1 })()"),
    *("new (class { #a = 1; b = 2 })()", "new (class { get a() { return 1 } })()"),
    *("Object.create({ a: 1 })", "new Proxy({ a: 1 }, {})", "new Proxy([1], {})"),
    *("new Number(1)", "new String('x')", "new Boolean(true)", "Object(1n)"),
    *("new Uint8Array([1, 2])", "new Float32Array([1])", "new ArrayBuffer(2)"),
    *("new DataView(new ArrayBuffer(2))", "Promise.resolve(1), [Promise.resolve(1)]"),
    *("new Decimal('1.50')", "numeric('1.50')", "json({ a: 1 })", "json('x')"),
    *("JSON.parse('{\"__proto__\": 1}')", "globalThis", "Math", "JSON"),
]
SQL_TYPES = [
    *("bool", "int2", "int4", "int8", "oid", "float4", "float8", "numeric", "money"),
    *("text", "varchar", "bpchar", "name", '"char"', "bytea", "uuid", "bit(3)"),
    *("json", "jsonb", "date", "timestamptz", "interval", "int4range", "inet"),
    *("int4[]", "int8[]", "float4[]", "text[]", "bytea[]", "numeric[]", "json[]"),
    *("jsonb[]", "small", "small[]", "label", "label[]", "timestamptz[]"),
]

# Whether what came back says all that was given, in the form that the SQL type has.
ALIKE = r"""
const none = (x: any) => x === undefined || x === null;
const plain = (x: any) => {
    const prototype = Object.getPrototypeOf(x);
    return prototype === null || prototype === Object.prototype;
};
const bytes = (x: any) => x instanceof ArrayBuffer ? new Uint8Array(x)
    : new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
function alike(given: any, back: any, type: string): boolean {
    if (none(given)) return back === null;
    const json = type.startsWith("json");
    const parameter = way === "parameter";
    if (back === null) return json && given === "null" && type !== "jsonb value";
    if (type === "bytea") return bytes(given).join() === back.join();
    if (given instanceof JsonParameter) {
        return json ? alike(given.value, back, "jsonb value")
            : ["text", "varchar"].includes(type) && given.toPostgres() === back;
    }
    if (given instanceof Decimal) return new Decimal(back).eq(given as any);
    if (given instanceof Date) {
        if (isNaN(+given)) return false;
        return type === "date" ? given.toISOString().slice(0, 10) === back
            : +new Date(back) === +given;
    }
    const boxed = [Number, String, Boolean, BigInt].some((x) => given instanceof x);
    if (json && boxed) return alike(given.valueOf(), back, "jsonb value");
    switch (typeof given) {
        case "function":
        case "symbol":
            return false;
        case "boolean":
            return given === back;
        case "number":
            if (type === "float4") return Object.is(Math.fround(given), back) &&
                (back !== 0 || given === 0);
            if (type === "money") return Number(back) === Number(given.toFixed(2));
            if (Number.isNaN(given)) return !json && Number.isNaN(Number(back));
            return Number(back) === given;
        case "bigint":
            if (type.startsWith("float")) return Number(given) === back;
            return BigInt(typeof back === "string" ? back.replace(/\.0+$/, "") : back)
                === given;
        case "string":
            if (json && parameter && type !== "jsonb value") {
                return alike(JSON.parse(given), back, "jsonb value");
            }
            if (json || ["text", "varchar", "name", '"char"', "enum"].includes(type)) {
                return given === back;
            }
            if (type === "bpchar") return given.trimEnd() === back.trimEnd();
            if (type === "bytea") return false;
            // PostgreSQL reads it, by its own rules.
            return true;
    }
    if (json && Array.isArray(given)) {
        return Array.isArray(back) && given.length === back.length &&
            Array.from(given).every((x, i) => alike(x, back[i], "jsonb value"));
    }
    if (type.endsWith("[]") && type !== "jsonb value") {
        if (!Array.isArray(given) || !Array.isArray(back)) return false;
        if (given.flat(9).length === 0) return back.length === 0;
        return given.length === back.length && Array.from(given).every((x, i) =>
            Array.isArray(x) && !json ? alike(x, back[i], type)
            : alike(x, back[i], type.slice(0, -2)));
    }
    const isClass = !plain(given) && Object.keys(given).length > 0;
    if (json) {
        if (given instanceof Map || given instanceof Set || given instanceof Error) {
            return false;
        }
        if (!plain(given) && !isClass) return false;
        const keys = Object.keys(given).filter((key) => given[key] !== undefined);
        return keys.length === Object.keys(back).length &&
            keys.every((key) => alike(given[key], back[key], "jsonb value"));
    }
    if (type !== "small" && type !== "label") return false;
    const fields: any = type === "small" ? { a: "int4" } : { a: "text", b: "jsonb" };
    const extra = Object.keys(given)
        .some((key) => !(key in fields) && given[key] !== undefined);
    if (extra) return false;
    const any = Object.keys(fields).some((key) => !none(given[key]));
    if (!any && !plain(given) && !("a" in given)) return false;
    return Object.entries(fields).every(([key, inner]) =>
        alike(given[key], back[key], inner as string));
}
"""


@pytest.mark.parametrize("way", ["parameter", "result"])
@pytest.mark.parametrize("sql_type", SQL_TYPES)
def test_what_is_given_comes_back_or_is_refused(
    shared: Connection, sql_type: str, way: str
) -> None:
    """Whatever JavaScript gives: it is an error, or it is there when it is read."""
    shared.execute("set timezone = 'UTC'")
    with shared.transaction(force_rollback=True):
        shared.execute("create type small as (a int)")
        shared.execute("create type label as (a text, b jsonb)")
        thunks = ", ".join(f"() => ({value}) as any" for value in VALUES)
        imports = (
            "import { Decimal, json, JsonParameter, numeric } from '@stopgap/runtime';"
        )
        values = f"{imports}\nconst values: (() => any)[] = [{thunks}];\n"
        define(
            shared,
            f"made(i int) returns {sql_type}",
            f"{values} export default (ctx: Ctx<{{ i: number }}>) =>"
            " values[ctx.args.i]!()",
        )
        sql = (
            f"select $1::{sql_type} as x"
            if way == "parameter"
            else "select made($1) as x"
        )
        define(
            shared,
            "lost() returns text[]",
            f"""{values}
            const [way, type, sql] = [{way!r}, {sql_type!r}, {sql!r}] as string[];
            {ALIKE}
            export default async (ctx: Ctx) => {{
                const lost: string[] = [];
                for (let i = 0; i < values.length; i++) {{
                    const given = values[i]!();
                    let back: any;
                    try {{
                        [{{ x: back }}] = await ctx.db.query<any>(
                            sql!, [way === "parameter" ? given : i]) as any;
                    }} catch {{
                        continue;
                    }}
                    let same = false;
                    try {{ same = alike(values[i]!(), back, type!) }} catch {{ }}
                    if (!same) lost.push(`${{i}} ${{
                        JSON.stringify(back, (_, x) => typeof x === "bigint" ? `${{x}}n`
                            : x)}}`);
                }}
                return lost;
            }}""",
        )

        lost = [entry.split(" ", 1) for entry in fetch(shared, "select lost()")]

    assert [(VALUES[int(i)], back) for i, back in lost] == []
