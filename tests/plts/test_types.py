"""Values between SQL and TypeScript: what JavaScript sees, and that nothing is lost."""

from __future__ import annotations

import itertools
import struct
from datetime import UTC, datetime

import psycopg
import pytest

from tests.fixtures.cluster import RunningCluster
from tests.plts.support import Connection, define, evaluate, fetch, refused

_numbers = itertools.count(1)

TYPES = """
create type mood as enum ('sad', 'ok', 'très 😀');
create domain positive as int check (value > 0);
create domain label as text not null;
create domain short as varchar(3);
create domain cents as numeric(5, 2);
create domain small_positive as positive check (value < 100);
create domain pair as int[] check (cardinality(value) = 2);
create type point2 as (x int, y int);
create type shape as (name text, corners point2[], area numeric, "Odd name" bigint);
create domain first_quadrant as point2 check ((value).x >= 0 and (value).y >= 0);
create type range_of_moods as range (subtype = mood);
"""


@pytest.fixture(scope="module", autouse=True)
def _types(cluster: RunningCluster, shared_database: str) -> None:
    with cluster.connect(shared_database) as connection:
        connection.execute(TYPES)


def identity(connection: Connection, sql_type: str) -> str:
    """Create a function that returns its argument and return its name."""
    name = f"identity_{next(_numbers)}"
    define(connection, f"{name}(x {sql_type}) returns {sql_type}", "return x")
    return name


def seen(connection: Connection, sql_type: str, literal: str) -> str:
    """Return what JavaScript says of a value: its type and its text."""
    name = f"seen_{next(_numbers)}"
    define(
        connection,
        f"{name}(x {sql_type}) returns text strict",
        "return typeof x + ' ' + (Object.is(x, -0) ? '-0' : String(x))",
    )
    return str(fetch(connection, f"select {name}(%s::text::{sql_type})", [literal]))


def text_form(connection: Connection, sql_type: str, expression: str) -> object:
    """Return PostgreSQL's text of what a TypeScript expression becomes."""
    name = f"made_{next(_numbers)}"
    define(connection, f"{name}() returns {sql_type}", f"return ({expression}) as any")
    return fetch(connection, f"select {name}()::text")


ROUND_TRIPS = {
    "bool": ["true", "false"],
    "int2": ["-32768", "0", "32767"],
    "int4": ["-2147483648", "-1", "0", "2147483647"],
    "int8": [
        "-9223372036854775808",
        "-1",
        "0",
        "9007199254740993",
        "9223372036854775807",
    ],
    "oid": ["0", "2147483648", "4294967295"],
    "float4": ["-0", "1.1", "3.4028235e+38", "1e-45", "NaN", "Infinity", "-Infinity"],
    "float8": [
        "-0",
        "0.1",
        "1.7976931348623157e+308",
        "5e-324",
        "9007199254740993",
        "NaN",
        "Infinity",
        "-Infinity",
    ],
    "numeric": [
        "0",
        "-0.10",
        "1.000",
        "123456789012345678901234567890.12345678901234567890",
        "1e131071",
        "1e-16383",
        "NaN",
        "Infinity",
        "-Infinity",
    ],
    "money": ["-92233720368547758.08", "0", "12.34", "92233720368547758.07"],
    "text": [
        "",
        "plain",
        "quote ' \" \\ \n\t",
        "žluťoučký",
        "日本語",
        "😀🏳️‍🌈",
        "\x01\x7f",
    ],
    "varchar": ["", "text"],
    "char(5)": ["ab"],
    '"char"': ["a"],
    "name": ["some_name"],
    "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    "inet": ["192.168.0.1/24", "2001:db8::1"],
    "cidr": ["10.0.0.0/8"],
    "macaddr": ["08:00:2b:01:02:03"],
    "interval": ["1 year 2 mons 3 days 04:05:06.789012", "-1 days", "00:00:00"],
    "bit(4)": ["1010"],
    "varbit": ["", "101"],
    "point": ["(1.5,-2)"],
    "tsvector": ["'fat':2 'rat':3"],
    "xml": ["<a>b</a>"],
    "jsonpath": ['$."a"[*]'],
    "int4range": ["empty", "[1,5)", "(,)"],
    "numrange": ["[1.10,2.20]"],
    "tstzrange": ["[2024-01-01 00:00:00+00,infinity)"],
    "int8multirange": ["{[1,3),[5,9)}"],
    "mood": ["sad", "très 😀"],
    "range_of_moods": ["[sad,ok]"],
    "regclass": ["pg_class"],
    "date": ["2024-02-29", "4714-11-24 BC", "5874897-12-31", "infinity", "-infinity"],
    "time": ["00:00:00", "12:34:56.123456", "24:00:00"],
    "timetz": ["12:34:56.123456+05:30", "23:59:59.999999-15:59:59"],
    "timestamp": [
        "2024-02-29 12:34:56.123456",
        "1969-12-31 23:59:59.999999",
        "0044-03-15 12:00:00 BC",
        "4714-11-24 00:00:00 BC",
        "294276-12-31 23:59:59.999999",
        "infinity",
        "-infinity",
    ],
    "timestamptz": [
        "2024-02-29 12:34:56.123456+00",
        "1883-11-18 12:00:00+00",
        "0044-03-15 12:00:00+00 BC",
        "294276-12-31 20:00:00+00",
        "infinity",
        "-infinity",
    ],
    "bytea": ["", "\\x00", "\\x00ff10", "\\x" + "ab" * 1000],
    "positive": ["1"],
    "label": ["", "x"],
    "short": ["abc"],
    "cents": ["123.45"],
    "small_positive": ["99"],
    "pair": ["{1,2}"],
    "point2": ["(1,2)", "(,)", "(-1,)"],
    "first_quadrant": ["(0,1)"],
    "shape": ['(square,"{""(0,0)"",""(1,1)""}",1.0,9223372036854775807)', "(,,,)"],
    "int4[]": ["{}", "{1,NULL,3}", "{{1,2},{3,4}}", "{{{1},{2}},{{3},{4}}}"],
    "int8[]": ["{9223372036854775807,NULL}"],
    "bool[]": ["{t,f,NULL}"],
    "float8[]": ["{-0,NaN,Infinity}"],
    "numeric[]": ["{1.0,NaN}"],
    "text[]": ['{"",NULL,"NULL","a,b","{}","\\"\\\\"}', "{{a,b},{c,d}}"],
    "bytea[]": ['{"\\\\x00",NULL}'],
    "timestamptz[]": ['{"2024-02-29 12:34:56.123456+00",infinity}'],
    "mood[]": ["{sad,NULL}"],
    "positive[]": ["{1,2}"],
    "point2[]": ['{"(1,2)",NULL}'],
    "first_quadrant[]": ['{"(1,2)"}'],
    "int4range[]": ['{"[1,2)",empty}'],
}


def has_xml(connection: Connection) -> bool:
    try:
        connection.execute("select '<a/>'::xml")
    except psycopg.errors.FeatureNotSupported:
        return False
    return True


@pytest.mark.parametrize("zone", ["UTC", "Europe/Prague", "America/St_Johns"])
@pytest.mark.parametrize("style", ["ISO, MDY", "SQL, DMY", "German", "Postgres, YMD"])
@pytest.mark.parametrize(
    "sql_type", ["date", "timestamp", "timestamptz", "timetz", "interval"]
)
def test_time_round_trips_under_every_style(
    shared: Connection, sql_type: str, style: str, zone: str
) -> None:
    name = identity(shared, sql_type)
    literals = ROUND_TRIPS[sql_type]
    values = [
        fetch(shared, f"select %s::text::{sql_type}::text", [literal])
        for literal in literals
    ]
    shared.execute("select set_config('datestyle', %s, false)", [style])
    shared.execute("select set_config('timezone', %s, false)", [zone])

    try:
        differing = [
            literal
            for literal, _ in zip(literals, values, strict=True)
            if not fetch(
                shared,
                f"select {name}(x) = x from "
                f"(select set_config('datestyle', 'ISO', true)) s, "
                f"(select %s::text::{sql_type} as x) v",
                [literal],
            )
        ]
    finally:
        shared.execute("reset datestyle")
        shared.execute("reset timezone")

    assert differing == []


@pytest.mark.parametrize(
    ("sql_type", "literal"),
    [(sql_type, literal) for sql_type, all_ in ROUND_TRIPS.items() for literal in all_],
)
def test_value_survives_both_ways(
    shared: Connection, sql_type: str, literal: str
) -> None:
    if sql_type == "xml" and not has_xml(shared):
        pytest.skip("this PostgreSQL is built without libxml")
    name = identity(shared, sql_type)

    same = fetch(
        shared,
        f'select {name}(x)::text collate "C" = x::text collate "C" '
        f"from (select %s::text::{sql_type} as x) v",
        [literal],
    )

    assert same is True


@pytest.mark.parametrize("sql_type", [name for name in ROUND_TRIPS if name != "label"])
def test_null_survives_both_ways(shared: Connection, sql_type: str) -> None:
    name = identity(shared, sql_type)

    assert fetch(shared, f"select {name}(null) is null") is True


@pytest.mark.parametrize(
    ("sql_type", "literal", "expected"),
    [
        ("bool", "t", "boolean true"),
        ("int2", "-32768", "number -32768"),
        ("int4", "2147483647", "number 2147483647"),
        ("int8", "9223372036854775807", "bigint 9223372036854775807"),
        ("int8", "1", "bigint 1"),
        ("oid", "4294967295", "number 4294967295"),
        ("float4", "1.1", "number 1.100000023841858"),
        ("float8", "-0", "number -0"),
        ("float8", "NaN", "number NaN"),
        ("float8", "1e300", "number 1e+300"),
        ("numeric", "1.10", "string 1.10"),
        ("numeric", "NaN", "string NaN"),
        ("money", "-1234.5", "string -1234.50"),
        ("text", "😀", "string 😀"),
        ("char(4)", "ab", "string ab  "),
        ("uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", None),
        ("interval", "1 day 2 hours", "string 1 day 02:00:00"),
        ("mood", "sad", "string sad"),
        ("int4range", "[1,4]", "string [1,5)"),
        ("date", "2024-02-29", "string 2024-02-29"),
        ("date", "infinity", "string infinity"),
        ("time", "12:34:56.5", "string 12:34:56.5"),
        ("timestamp", "2024-02-29 12:34:56.123456", None),
        ("timestamp", "-infinity", "string -infinity"),
        ("positive", "7", "number 7"),
        ("int4[]", "{{1,2},{3,4}}", "object 1,2,3,4"),
    ],
)
def test_javascript_sees(
    shared: Connection, sql_type: str, literal: str, expected: str | None
) -> None:
    iso = {"uuid": literal.lower(), "timestamp": literal.replace(" ", "T")}

    assert seen(shared, sql_type, literal) == (expected or f"string {iso[sql_type]}")


@pytest.mark.parametrize("style", ["ISO, YMD", "SQL, DMY", "German", "Postgres, MDY"])
def test_timestamptz_is_iso_in_the_zone_of_the_session(
    connection: Connection, style: str
) -> None:
    connection.execute("set timezone = 'Asia/Kolkata'")
    connection.execute("select set_config('datestyle', %s, false)", [style])

    text = seen(connection, "timestamptz", "2024-02-29T12:34:56.123456+00:00")

    assert text == "string 2024-02-29T18:04:56.123456+05:30"


def test_bytea_is_a_uint8array(shared: Connection) -> None:
    define(
        shared,
        "bytes(b bytea) returns text strict",
        "return [b instanceof Uint8Array, b.length, b.byteOffset, ...b].join()",
    )

    assert fetch(shared, "select bytes('\\x00ff10')") == "true,3,0,0,255,16"
    assert fetch(shared, "select bytes('')") == "true,0,0"


def test_large_bytea_survives(shared: Connection) -> None:
    name = identity(shared, "bytea")
    size = 5 * 1024 * 1024
    data = struct.pack("<I", 0xDEADBEEF) * (size // 4)

    row = shared.execute(f"select {name}(%b)".encode(), [data]).fetchone()

    assert row == (data,)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("new Uint8Array([1, 2, 3, 4]).subarray(1, 3)", "\\x0203"),
        ("new Uint8Array([1, 2]).buffer", "\\x0102"),
        ("new DataView(new Uint8Array([5, 6]).buffer, 1)", "\\x06"),
        ("new Uint16Array([1])", "\\x0100"),
        ("new ArrayBuffer(0)", "\\x"),
        ("new TextEncoder().encode('é')", "\\xc3a9"),
    ],
)
def test_bytea_accepts_every_view(
    shared: Connection, expression: str, expected: str
) -> None:
    assert text_form(shared, "bytea", expression) == expected


@pytest.mark.parametrize(
    ("sql_type", "expression", "expected"),
    [
        ("int4", "5n", "5"),
        ("int4", "-0", "0"),
        ("int8", "42", "42"),
        ("int8", "2 ** 53 - 1", "9007199254740991"),
        ("int8", "-(2n ** 63n)", "-9223372036854775808"),
        ("float8", "3n", "3"),
        ("float4", "0.1", "0.1"),
        ("numeric", "0.1", "0.1"),
        ("numeric", "1e21", "1000000000000000000000"),
        ("numeric", "2n ** 100n", "1267650600228229401496703205376"),
        ("numeric", "NaN", "NaN"),
        ("numeric", "-Infinity", "-Infinity"),
        ("numeric", "' 1.50 '", "1.50"),
        ("money", "12", "$12.00"),
        ("money", "'12.345'", "$12.35"),
        ("cents", "1.005", "1.01"),
        ("text", "'\\u{1F600}'", "😀"),
        ("timestamptz", "new Date(0)", "1970-01-01 00:00:00+00"),
        ("timestamp", "new Date(1234567890123)", "2009-02-13 23:31:30.123"),
        ("timestamp", "new Date(-1)", "1969-12-31 23:59:59.999"),
        ("date", "new Date(-1)", "1969-12-31"),
        ("date", "'2024-02-29T23:59:59Z'", "2024-02-29"),
        ("bool", "undefined", None),
        ("text", "undefined", None),
        ("int4[]", "[1, undefined, null]", "{1,NULL,NULL}"),
        ("int4[]", "[1, , 3]", "{1,NULL,3}"),
        ("int4[]", "[[], []]", "{}"),
        ("point2", "{ y: 2 }", "(,2)"),
        ("point2", "Object.create({ x: 1, y: 2 })", "(1,2)"),
        ("shape", "{ corners: [{ x: 1 }] }", '(,"{""(1,)""}",,)'),
    ],
)
def test_accepted_on_the_way_back(
    shared: Connection, sql_type: str, expression: str, expected: str | None
) -> None:
    shared.execute("set timezone = 'UTC'")
    shared.execute("set lc_monetary = 'C'")
    if sql_type == "money" and expected is not None:
        numeric = fetch(shared, "select %s::text::money::numeric", [expected])
        name = f"money_{next(_numbers)}"
        define(shared, f"{name}() returns money", f"return ({expression}) as any")

        assert fetch(shared, f"select {name}()::numeric") == numeric
        return

    assert text_form(shared, sql_type, expression) == expected


REFUSED = [
    ("int2", "32768", "22003"),
    ("int2", "-32769n", "22003"),
    ("int4", "2 ** 31", "22003"),
    ("int4", "-(2 ** 31) - 1", "22003"),
    ("int4", "1.5", "22003"),
    ("int4", "NaN", "22003"),
    ("int4", "Infinity", "22003"),
    ("int4", "'1'", "42804"),
    ("int4", "true", "42804"),
    ("int4", "{}", "42804"),
    ("int4", "[1]", "42804"),
    ("int4", "Symbol('s')", "42804"),
    ("int4", "() => 1", "42804"),
    ("int4", "new Number(1)", "42804"),
    ("int8", "2 ** 53", "22003"),
    ("int8", "2n ** 63n", "22003"),
    ("int8", "1e300", "22003"),
    ("oid", "-1", "22003"),
    ("oid", "2 ** 32", "22003"),
    ("float4", "1e300", "22003"),
    ("float8", "'1'", "42804"),
    ("float8", "2n ** 2000n", "22003"),
    ("bool", "1", "42804"),
    ("bool", "'t'", "42804"),
    ("numeric", "'abc'", "22P02"),
    ("numeric", "true", "42804"),
    ("money", "1e300", "22003"),
    ("text", "1", "42804"),
    ("text", "{}", "42804"),
    ("text", "new String('x')", "42804"),
    ("text", "'\\ud800'", "22021"),
    ("text", "'a\\udc00b'", "22021"),
    ("text", "'\\0'", "22021"),
    ("varchar", "'\\0'", "22021"),
    ("name", "'\\ud800'", "22021"),
    ("uuid", "'nope'", "22P02"),
    ("inet", "'300.1.1.1'", "22P02"),
    ("mood", "'angry'", "22P02"),
    ("mood", "1", "42804"),
    ("int4range", "'[2,1]'", "22000"),
    ("date", "'2023-02-29'", "22008"),
    ("date", "new Date(-8.64e15)", "22003"),
    ("date", "1", "42804"),
    ("timestamp", "new Date(NaN)", "22003"),
    ("timestamp", "new Date(-8.64e15)", "22003"),
    ("timestamptz", "'yesterday at noon or so'", "22007"),
    ("bytea", "'\\\\x00'", "42804"),
    ("bytea", "[1, 2]", "42804"),
    ("positive", "0", "23514"),
    ("label", "null", "23502"),
    ("label", "undefined", "23502"),
    ("short", "'abcd'", "22001"),
    ("cents", "1000", "22003"),
    ("small_positive", "100", "23514"),
    ("small_positive", "-1", "23514"),
    ("pair", "[1]", "23514"),
    ("first_quadrant", "{ x: -1, y: 1 }", "23514"),
    ("int4[]", "1", "42804"),
    ("int4[]", "{ length: 0 }", "42804"),
    ("int4[]", "[[1], [1, 2]]", "2202E"),
    ("int4[]", "[[1], 2]", "2202E"),
    ("int4[]", "[1, [2]]", "2202E"),
    ("int4[]", "[[[[[[[1]]]]]]]", "2202E"),
    ("int4[]", "Object.assign([], { length: 2 ** 32 - 1 })", "54000"),
    ("int4[]", "[1.5]", "22003"),
    ("positive[]", "[1, 0]", "23514"),
    ("mood[]", "['angry']", "22P02"),
    ("text[]", "['\\0']", "22021"),
    ("point2", "[1, 2]", "42804"),
    ("point2", "'(1,2)'", "42804"),
    ("point2", "{ x: 'a' }", "42804"),
    ("point2[]", "[1]", "42804"),
]


@pytest.mark.parametrize(("sql_type", "expression", "sqlstate"), REFUSED)
def test_refused_on_the_way_back(
    shared: Connection, sql_type: str, expression: str, sqlstate: str
) -> None:
    with refused(sqlstate):
        text_form(shared, sql_type, expression)


@pytest.mark.parametrize(
    ("sql_type", "expression", "javascript", "sql"),
    [
        ("int4", "1.5", "number 1.5", "integer"),
        ("text", "1", "number 1", "text"),
        ("varchar", "'\\ud800'", "string", "character varying"),
        ("int8[]", "1", "number 1", "bigint[]"),
        ("bytea", "[1]", "array", "bytea"),
        ("point2", "true", "boolean true", "point2"),
        ("positive", "'x'", 'string "x"', "positive"),
    ],
)
def test_refusal_names_function_place_and_both_types(
    shared: Connection, sql_type: str, expression: str, javascript: str, sql: str
) -> None:
    define(shared, f"named() returns {sql_type}", f"return ({expression}) as any")

    with pytest.raises(psycopg.Error) as raised:
        fetch(shared, "select named()")
    shared.execute("drop function named()")

    text = str(raised.value)
    assert javascript in text
    assert sql in text
    assert 'PL/TS function "public.named"' in text
    assert "return value" in text


def test_number_beyond_exactness_is_refused_for_bigint(shared: Connection) -> None:
    with refused("22003") as refusal:
        text_form(shared, "int8", "2 ** 60")

    assert "bigint" in refusal.detail


def test_composite_is_an_object_by_column_name(shared: Connection) -> None:
    define(
        shared,
        "keys(s shape) returns text strict",
        "return Object.keys(s).join() + ' ' + s.corners?.[1]?.x + typeof s['Odd name']",
    )

    text = fetch(
        shared, "select keys(row('n', array[(1, 2), (3, 4)]::point2[], 1, 2)::shape)"
    )

    assert text == "name,corners,area,Odd name 3bigint"


def test_dropped_and_added_columns(connection: Connection) -> None:
    connection.execute("create table t (a int, b text, c int)")
    connection.execute("alter table t drop column b")
    define(
        connection,
        "echo(r t) returns t",
        "return { ...r, a: (r?.a ?? 0) + 1 } as any",
    )
    before = fetch(connection, "select echo(row(1, 2)::t)::text")

    connection.execute("alter table t add column d text default 'new'")
    after = fetch(connection, "select echo(row(1, 2, 'x')::t)::text")

    assert (before, after) == ("(2,2)", "(2,2,x)")


def test_anonymous_record_is_an_object(shared: Connection) -> None:
    define(shared, "record_keys(r record) returns json", "return r")

    row = fetch(shared, "select record_keys(x) from (select 1 as a, 'b' as b) x")

    assert row == {"a": 1, "b": "b"}


def test_column_named_proto_is_a_column(shared: Connection) -> None:
    shared.execute('create type odd as ("__proto__" int, "constructor" text)')
    name = identity(shared, "odd")

    assert fetch(shared, f"select {name}(row(1, 'x')::odd)::text") == "(1,x)"


def test_lower_bounds_are_the_documented_loss(shared: Connection) -> None:
    name = identity(shared, "int4[]")

    assert fetch(shared, f"select {name}('[5:6]={{1,2}}')::text") == "{1,2}"


def test_json_array_elements_do_not_open_dimensions(shared: Connection) -> None:
    text = text_form(shared, "jsonb[]", "[[1, 2], { a: [3] }, null]")

    assert text == '{"[1, 2]","{\\"a\\": [3]}",NULL}'


def test_changed_argument_does_not_change_the_callers_value(
    shared: Connection,
) -> None:
    define(shared, "scribble(b bytea) returns int strict", "b.fill(7); return 1")

    row = fetch(
        shared, "select b::text from (select '\\x0102'::bytea b) x, scribble(b)"
    )

    assert row == "\\x0102"


def test_varying_typmods_of_statement_columns(shared: Connection) -> None:
    shared.execute(
        "create temp table if not exists narrow (v varchar(2), n numeric(3,1))"
    )

    with refused("22001"):
        evaluate(
            shared,
            "void",
            "ctx.db.sync.exec('insert into narrow (v) values ($1)', ['abc'])",
        )


def test_date_from_now_is_close_to_the_clock(shared: Connection) -> None:
    made = evaluate(shared, "timestamptz", "return new Date()")

    assert abs((made - datetime.now(UTC)).total_seconds()) < 60


@pytest.mark.parametrize(
    ("sql_type", "body"),
    [
        ("numeric", "return '1.5'"),
        ("numeric", "const n: number = x; return n"),
        ("int8", "return x + 1"),
        ("text", "return 1"),
        ("bytea", "return 'text'"),
        ("timestamptz", "return true"),
        ("int4[]", "return ['a']"),
        ("point2", "return { x: 'a', y: 1 }"),
    ],
)
def test_types_are_checked_when_the_function_is_created(
    shared: Connection, sql_type: str, body: str
) -> None:
    with refused("42P13"):
        define(shared, f"mistyped(x {sql_type}) returns {sql_type} strict", body)
