"""What people know from PL/Python and plv8 and look for here, where it has no file."""

from __future__ import annotations

import pytest
from psycopg import sql

from tests.plts.support import Connection, define, evaluate, fetch, refused

COUNTER = """
let calls = 0;
export default () => ++calls;
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["unix", "dos", "mac"])
@pytest.mark.parametrize("form", ["plain", "module"])
def test_every_kind_of_newline_separates_lines(
    session: Connection, newline: str, form: str
) -> None:
    lines = ["const a = 1 // one", "const b = 2", "return a + b"]
    if form == "module":
        lines = ["export default () => {", *lines, "}"]
    body = sql.Literal(newline.join(lines))
    session.execute(
        sql.SQL("create function f() returns int language plts as {}").format(body)
    )

    assert fetch(session, "select f()") == 3


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["unix", "dos", "mac"])
def test_errors_count_every_kind_of_newline(session: Connection, newline: str) -> None:
    body = newline.join(["const a = 1", "", "throw new Error(`three ${a}`)"])
    session.execute(
        sql.SQL("create function f() returns int language plts as {}").format(
            sql.Literal(body)
        )
    )

    with refused("38000") as refusal:
        fetch(session, "select f()")

    assert "f:3:" in (refusal.context or "")


@pytest.mark.parametrize(
    ("function", "value", "quoted"),
    [
        ("quote_literal", "it's", "'it''s'"),
        ("quote_literal", "back\\slash", "E'back\\\\slash'"),
        ("quote_nullable", None, "NULL"),
        ("quote_ident", 'Mixed "case"', '"Mixed ""case"""'),
    ],
)
def test_texts_are_quoted_by_the_server(
    session: Connection, function: str, value: str | None, quoted: str
) -> None:
    define(
        session,
        "quoting(text) returns text",
        f"const sql = 'select {function}($1::text) as quoted';"
        "return ctx.db.sync.query<{ quoted: string }>(sql, [$1])[0]!.quoted",
    )

    assert fetch(session, "select quoting(%s)", [value]) == quoted


def test_a_module_keeps_what_it_needs_between_the_calls_of_a_session(
    session: Connection,
) -> None:
    define(session, "counter() returns int", COUNTER)

    answers = [fetch(session, "select counter()") for _ in range(3)]

    assert answers == [1, 2, 3]


def test_a_module_of_one_function_is_no_global_of_another(session: Connection) -> None:
    define(session, "counter() returns int", COUNTER)
    fetch(session, "select counter()")

    assert evaluate(session, "text", "return typeof (globalThis as any).calls") == (
        "undefined"
    )


def test_a_module_starts_once_a_session_before_its_first_call(
    session: Connection,
) -> None:
    define(
        session,
        "started() returns int",
        "const table = Array.from({ length: 10 }, (_, i) => i * i);\n"
        "console.warn('starting');\nexport default () => table[9]!;",
    )
    said: list[str | None] = []
    session.add_notice_handler(lambda notice: said.append(notice.message_primary))

    answers = [fetch(session, "select started()") for _ in range(2)]

    assert (answers, said) == ([81, 81], ["starting"])


def test_functions_call_each_other_through_sql_with_their_callers_rights(
    session: Connection,
) -> None:
    define(session, "inner_one(n int) returns int strict", "return n * 2")
    define(
        session,
        "outer_one(n int) returns int strict",
        "const [row] = await ctx.db.query<{ m: number }>("
        "'select inner_one($1) as m', [n]); return row!.m + 1",
    )
    session.execute("revoke execute on function inner_one from public")
    session.execute("create role test_familiar")
    try:
        assert fetch(session, "select outer_one(20)") == 41
        session.execute(
            "do $$ begin execute format("
            "'grant usage on schema %I to test_familiar', current_schema); end $$"
        )
        session.execute("set role test_familiar")
        with refused("42501"):
            fetch(session, "select outer_one(20)")
    finally:
        session.execute("reset role; drop owned by test_familiar")
        session.execute("drop role test_familiar")


def test_arguments_are_reached_by_number_whatever_their_count(
    session: Connection,
) -> None:
    define(
        session,
        "total(variadic numbers int[]) returns int strict",
        "return numbers.reduce((sum: number, n) => sum + (n ?? 0), 0)"
        " + ctx.args.length * 1000",
    )

    assert fetch(session, "select total(1, 2, 3)") == 1006
