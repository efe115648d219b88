"""Errors: what is thrown in TypeScript, as PostgreSQL reports it."""

from __future__ import annotations

import psycopg
import pytest

from tests.plts.support import Connection, define, evaluate, fetch, refused


@pytest.mark.parametrize(
    ("thrown", "message"),
    [
        ("new Error('plain')", "plain"),
        ("new RangeError('range')", "range"),
        ("new Error('')", "Error"),
        ("new TypeError()", "TypeError"),
        ("new AggregateError([new Error('a')], 'several')", "several"),
        ("Object.assign(new Error('x'), { message: 1 })", "Error"),
        ("new (class Mine extends Error {})('mine')", "mine"),
        ("'text'", "text"),
        ("''", "JavaScript exception"),
        ("'ž😀'", "ž😀"),
        ("'a\\0b'", "a\ufffdb"),
        ("'half \\ud800'", "half \ufffd"),
        ("1", "1"),
        ("-0", "-0"),
        ("10n", "10n"),
        ("true", "true"),
        ("null", "null"),
        ("undefined", "undefined"),
        ("Symbol('s')", "Symbol(s)"),
        ("{ message: 'like an error' }", "like an error"),
        ("{ a: 1 }", "{ a: 1 }"),
        ("[1, 'two']", "[ 1, 'two' ]"),
        ("() => 1", None),
        ("Object.create(null)", None),
        ("new Proxy({}, { get() { throw new Error('inner') } })", None),
        ("new Proxy(new Error('p'), {})", "p"),
        (
            "(() => { const r = Proxy.revocable({}, {}); r.revoke(); return "
            "r.proxy })()",
            None,
        ),
        (
            "{ get message() { throw 1 }, get stack() { throw 2 }, get "
            "name() { throw 3 } }",
            None,
        ),
        ("{ toString() { throw 1 }, [Symbol.toPrimitive]() { throw 2 } }", None),
        (
            "Object.defineProperty(new Error('kept'), 'stack', { get() { throw 1 } })",
            "kept",
        ),
        ("Object.assign(new Error('kept'), { stack: 1, cause: 2 })", "kept"),
        (
            "(() => { const e: any = new Error('loop'); e.cause = e; return e })()",
            "loop",
        ),
        ("(() => { const a: any = {}; a.a = a; return a })()", None),
    ],
)
def test_thrown_value(shared: Connection, thrown: str, message: str | None) -> None:
    with refused("38000") as refusal:
        evaluate(shared, "int", f"const thrown: any = {thrown}; throw thrown")

    if message is not None:
        assert refusal.message == message
    assert refusal.message
    assert "PL/TS function" in refusal.context


def test_thrown_in_an_async_body(shared: Connection) -> None:
    with refused("38000") as refusal:
        evaluate(shared, "int", "await null; throw new Error('later')")

    assert refusal.message == "later"


def test_long_message_is_cut(shared: Connection) -> None:
    with refused("38000") as refusal:
        evaluate(shared, "int", "throw new Error('x'.repeat(1_000_000))")

    assert 1_000 < len(refusal.message) <= 100_000


def test_very_many_causes_end(shared: Connection) -> None:
    body = """
        let error = new Error('0');
        for (let i = 1; i < 1000; i++) error = new Error(String(i), { cause: error });
        throw error
    """

    with refused("38000") as refusal:
        evaluate(shared, "int", body)

    assert refusal.message == "999"


def test_lines_and_columns_are_of_the_body(shared: Connection) -> None:
    body = (
        "type T = { a: number };\n"
        "function inner(t: T): never {\n"
        "  throw new Error('at ' + (t as T).a);\n"
        "}\n"
        "const outer = (n: number): never => inner({ a: n });\n"
        "return outer(3)"
    )
    define(shared, "lines() returns int", body)

    with refused("38000") as refusal:
        fetch(shared, "select lines()")

    assert refusal.message == "at 3"
    assert refusal.context.splitlines() == [
        "at inner (lines:3:9)",
        "at outer (lines:5:37)",
        "at lines:6:8",
        'PL/TS function "public.lines"',
    ]


def test_lines_and_columns_are_of_the_module(shared: Connection) -> None:
    body = (
        "\n"
        "interface Unused { a: string }\n"
        "import { query } from '@stopgap/runtime';\n"
        "\n"
        "export default query((args: any) => {\n"
        "  const n: number = args.missing.deeper;\n"
        "  return n;\n"
        "});\n"
    )
    define(shared, "lines_module(args jsonb) returns jsonb", body)

    with refused("38000") as refusal:
        fetch(shared, "select lines_module('{}')")

    assert refusal.context.splitlines()[0] == "at lines_module:6:34"


def test_lines_after_an_await(shared: Connection) -> None:
    body = (
        "async function inner() {\n  await null;\n  throw new "
        "Error('x');\n}\nawait inner()"
    )
    define(shared, "lines_async() returns void", body)

    with refused("38000") as refusal:
        fetch(shared, "select lines_async()")

    assert "at inner (lines_async:3:9)" in refusal.context


def test_causes_are_in_the_context(shared: Connection) -> None:
    body = "throw new Error('outer', { cause: new TypeError('inner') })"

    with refused("38000") as refusal:
        evaluate(shared, "int", body)

    assert refusal.message == "outer"
    assert "caused by: TypeError: inner" in refusal.context


def test_nested_functions_each_have_a_context_line(shared: Connection) -> None:
    define(shared, "ctx_inner() returns int", "throw new Error('deep')")
    define(
        shared,
        "ctx_outer() returns int",
        "ctx.db.sync.query('select ctx_inner()'); return 1",
    )

    with refused("38000") as refusal:
        fetch(shared, "select ctx_outer()")

    lines = refusal.context.splitlines()
    assert [line for line in lines if line.startswith("PL/TS")] == [
        'PL/TS function "public.ctx_inner"',
        'PL/TS function "public.ctx_outer"',
    ]
    assert 'SQL statement "select ctx_inner()"' in lines


@pytest.mark.parametrize(
    "body",
    [
        "await new Promise(() => {}); return 'x'",
        "void Promise.reject(new Error('x')); return 'x'",
        "return '\\ud800'",
        "return 1 as any",
        "throw null",
        "ctx.db.sync.query('select 1/0'); return 'x'",
        "ctx.db.sync.query('select $1::int', []); return 'x'",
    ],
)
def test_every_error_names_the_function(shared: Connection, body: str) -> None:
    define(shared, "named() returns text", body)

    with pytest.raises(psycopg.Error) as raised:
        fetch(shared, "select named()")

    assert 'PL/TS function "public.named"' in str(raised.value)


def test_sql_error_is_raised_with_its_fields(shared: Connection) -> None:
    body = """
        import { SqlError } from "@stopgap/runtime";
        export default () => {
            throw new SqlError({ code: "AB123", message: "m", detail: "d", hint: "h",
                constraint: "c", schema: "s", table: "t", column: "col",
                datatype: "dt" });
        }
    """

    with refused("AB123") as refusal:
        evaluate(shared, "int", body)

    diagnostic = refusal.diagnostic
    assert (refusal.message, refusal.detail, refusal.hint) == ("m", "d", "h")
    assert (
        diagnostic.constraint_name,
        diagnostic.schema_name,
        diagnostic.table_name,
        diagnostic.column_name,
        diagnostic.datatype_name,
    ) == ("c", "s", "t", "col", "dt")


@pytest.mark.parametrize(
    "code", ["00000", "00001", "abcde", "1234", "", "123456", "2202é"]
)
def test_invalid_code_of_an_sql_error_is_38000(shared: Connection, code: str) -> None:
    body = f"""
        import {{ SqlError }} from "@stopgap/runtime";
        export default () => {{
            let error: unknown;
            try {{ error = new SqlError({{ code: "{code}", message: "m" }}) }}
            catch {{ throw new Error("refused by the constructor") }}
            throw error;
        }}
    """

    with refused("38000"):
        evaluate(shared, "int", body)


@pytest.mark.parametrize("code", ["57014", "57P01", "53200", "XX000", "40001", "P0001"])
def test_code_of_an_sql_error_that_javascript_made(
    connection: Connection, code: str
) -> None:
    body = f"""
        import {{ SqlError }} from "@stopgap/runtime";
        export default () => {{
            throw new SqlError({{ code: "{code}", message: "m" }});
        }};
    """

    with refused(code):
        evaluate(connection, "int", body)

    assert evaluate(connection, "int", "return 1") == 1


def test_sql_error_is_caught_by_plpgsql(shared: Connection) -> None:
    define(
        shared,
        "raises() returns void",
        "import { SqlError } from '@stopgap/runtime';\n"
        "export default () => { throw new SqlError({ code: 'AB123', message: 'm' }) }",
    )
    shared.execute(
        "create or replace function catches() returns text language plpgsql "
        "as $$ begin "
        "perform raises(); return 'none'; exception when sqlstate 'AB123' then "
        "return sqlerrm; end $$"
    )

    assert fetch(shared, "select catches()") == "m"


def test_error_undoes_what_the_call_wrote(connection: Connection) -> None:
    connection.execute("create table t (a int)")
    body = "await ctx.db.exec('insert into t values (1)'); throw new Error('x')"

    with refused("38000"):
        evaluate(connection, "int", body)

    assert fetch(connection, "select count(*) from t") == 0


def test_mixing_bigint_and_number_hints_at_the_cure(shared: Connection) -> None:
    define(
        shared, "mixes(n bigint) returns text strict", "return String((n as any) + 1)"
    )

    with refused("38000") as refusal:
        fetch(shared, "select mixes(1)")

    assert "Number(" in refusal.hint


def test_error_prepares_nothing_to_run_user_code(shared: Connection) -> None:
    body = """
        Error.prepareStackTrace = () => { throw new Error('from prepareStackTrace') };
        throw new Error('original')
    """

    with refused("38000") as refusal:
        evaluate(shared, "int", body.replace("Error.prepare", "(Error as any).prepare"))

    assert "prepareStackTrace" in refusal.message or refusal.message == "original"


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("off", []),
        ("error", ["e"]),
        ("warn", ["w", "e"]),
        ("info", ["l", "i", "w", "e"]),
    ],
)
def test_console_reports_by_level(
    connection: Connection, level: str, expected: list[str]
) -> None:
    notices: list[tuple[str | None, str | None]] = []
    connection.add_notice_handler(
        lambda notice: notices.append((notice.severity, notice.message_primary))
    )
    connection.execute("select set_config('plts.log_level', %s, false)", [level])

    evaluate(
        connection,
        "void",
        "console.debug('d'); console.log('l'); console.info('i'); console.warn('w'); "
        "console.error('e')",
    )

    assert [text for _, text in notices] == expected


def test_console_formats_like_node(shared: Connection) -> None:
    notices: list[str | None] = []
    shared.add_notice_handler(lambda notice: notices.append(notice.message_primary))

    evaluate(shared, "void", "console.warn('a %d', 1, { b: [2n] }, null)")

    assert notices[-1] == "a 1 { b: [ 2n ] } null"


def test_error_fields_of_hostile_sql_error(shared: Connection) -> None:
    body = """
        import { SqlError } from "@stopgap/runtime";
        export default () => {
            const error: any = new SqlError({ code: "22023", message: "m" });
            Object.defineProperty(error, "detail", { get() { throw new Error("no") } });
            throw error;
        }
    """

    with pytest.raises(Exception, match=r"\S"):
        evaluate(shared, "int", body)

    assert evaluate(shared, "int", "return 1") == 1
