"""Signatures: every form of parameters and results, and what cannot be declared."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plts.support import Connection, define, fetch, refused


def row(connection: Connection, statement: str) -> tuple[Any, ...]:
    """Run a statement and return its one row."""
    found = connection.execute(statement.encode()).fetchone()
    assert found is not None
    return found


def test_out_parameters_are_a_row(shared: Connection) -> None:
    define(
        shared,
        "minmax(a int, b int, out low int, out high int) returns record strict",
        "return { low: Math.min(a, b), high: Math.max(a, b) }",
    )

    assert row(shared, "select * from minmax(5, 3)") == (3, 5)
    assert fetch(shared, "select (minmax(5, 3)).high") == 5


def test_inout_parameter_is_input_and_output(shared: Connection) -> None:
    define(shared, "doubled(inout n int) strict", "return n * 2")

    assert fetch(shared, "select doubled(4)") == 8


def test_unnamed_outputs_are_columns_by_number(shared: Connection) -> None:
    define(
        shared,
        "unnamed(out int, out text)",
        "return { column1: 1, column2: 'x' }",
    )

    assert row(shared, "select * from unnamed()") == (1, "x")


def test_missing_output_of_a_plain_body_is_a_type_error(shared: Connection) -> None:
    with refused("42P13"):
        define(shared, "half(out a int, out b int)", "return { a: 1 }")


def test_null_for_a_row_is_null(shared: Connection) -> None:
    define(shared, "no_row(out a int, out b int)", "return null")

    assert fetch(shared, "select no_row() is null") is True


def test_variadic_parameter_is_an_array(shared: Connection) -> None:
    define(
        shared,
        "total(start int, variadic rest int[]) returns int strict",
        "return rest.reduce<number>((sum, n) => sum + (n ?? 0), start)",
    )

    assert fetch(shared, "select total(1, 2, 3, null)") == 6
    assert fetch(shared, "select total(1, variadic array[2, 3])") == 6
    assert fetch(shared, "select total(1, variadic '{}'::int[])") == 1


def test_defaults_are_in_place(shared: Connection) -> None:
    define(
        shared,
        "digits(a int, b int default 2, c int default 3) returns int strict",
        "return a * 100 + b * 10 + c",
    )

    assert fetch(shared, "select digits(1)") == 123
    assert fetch(shared, "select digits(1, 5)") == 153


@pytest.mark.parametrize("arguments", ["c => 9, a => 1", "1, c => 9", "c := 9, a := 1"])
def test_named_notation(shared: Connection, arguments: str) -> None:
    define(
        shared,
        "digits(a int, b int default 2, c int default 3) returns int strict",
        "return a * 100 + b * 10 + c",
    )

    assert fetch(shared, f"select digits({arguments})") == 129


@pytest.mark.parametrize("body", ["", "return", "ctx.now", "await Promise.resolve()"])
def test_void(shared: Connection, body: str) -> None:
    define(shared, "nothing_back() returns void", body)

    assert fetch(shared, "select nothing_back()") == ""
    assert fetch(shared, "select nothing_back() is null") is False


def test_void_that_returns_a_value_is_a_type_error(shared: Connection) -> None:
    with refused("42P13"):
        define(shared, "nothing_back() returns void", "return 5")


def test_composite_parameter_and_result(session: Connection) -> None:
    session.execute("create type point2 as (x int, y int)")
    define(session, "flip(p point2) returns point2 strict", "return { x: p.y, y: p.x }")

    assert row(session, "select * from flip((1, 2))") == (2, 1)


def test_table_row_is_a_parameter(session: Connection) -> None:
    session.execute("create table person (id int, name text)")
    session.execute("insert into person values (1, 'Ada')")
    define(session, "title(p person) returns text strict", "return p.name + '#' + p.id")

    assert fetch(session, "select title(person) from person") == "Ada#1"
    assert fetch(session, "select person.title from person") == "Ada#1"


def test_record_parameter_is_an_object(shared: Connection) -> None:
    define(
        shared,
        "keys_of(r record) returns text strict",
        "return Object.keys(r).join()",
    )

    assert (
        fetch(shared, "select keys_of(t) from (select 1 as a, 'x' as b) as t") == "a,b"
    )


def test_record_takes_the_columns_of_the_call(shared: Connection) -> None:
    define(shared, "any_row() returns record", "return { a: 1, c: [1, 2] }")

    assert row(shared, "select * from any_row() as t(a int, c json)") == (1, [1, 2])
    assert row(shared, "select * from any_row() as t(c int[], a int8, d int)") == (
        [1, 2],
        1,
        None,
    )


def test_record_takes_other_columns_in_the_same_statement(shared: Connection) -> None:
    define(shared, "any_row() returns record", "return { a: 1 }")

    statement = (
        "select t.a, u.b from any_row() as t(a int), any_row() as u(b int, a int8)"
    )
    assert row(shared, statement) == (1, None)


def test_record_without_columns_is_refused(shared: Connection) -> None:
    define(shared, "any_row() returns record", "return { a: 1 }")

    with refused("0A000") as refusal:
        shared.execute("select any_row()")

    assert "Name the columns" in refusal.hint


def test_domains_are_their_base_type_and_checked(session: Connection) -> None:
    session.execute("create domain positive as int check (value > 0)")
    session.execute("create domain required as text not null")
    define(session, "less(n positive, by int) returns positive strict", "return n - by")
    define(session, "must(t text) returns required", "return t!")

    assert fetch(session, "select less(3, 2)") == 1
    assert fetch(session, "select must('x')") == "x"
    with refused("23514"):
        session.execute("select less(3, 3)")
    with refused("23502"):
        session.execute("select must(null)")


def test_overloads_are_functions_of_their_own(shared: Connection) -> None:
    define(shared, "over(a int) returns text strict", "return 'int ' + a")
    define(shared, "over(a text) returns text strict", "return 'text ' + a")

    assert fetch(shared, "select over(1)") == "int 1"
    assert fetch(shared, "select over('1'::text)") == "text 1"
    shared.execute("drop function over(int); drop function over(text)")


def test_a_hundred_parameters(shared: Connection) -> None:
    names = ", ".join(f"p{i} int" for i in range(100))
    define(shared, f"many({names}) returns int strict", "return p0 + p99")

    values = ", ".join(str(i) for i in range(100))
    assert fetch(shared, f"select many({values})") == 99
    shared.execute("drop function many")


@pytest.mark.parametrize("names", ['"a b" int', "int", '"class" int', '"1st" int'])
def test_parameter_without_an_identifier_is_numbered(
    shared: Connection, names: str
) -> None:
    define(shared, f"numbered({names}) returns int strict", "return $1 + 1")

    assert fetch(shared, "select numbered(1)") == 2
    shared.execute("drop function numbered")


@pytest.mark.parametrize(
    ("body", "strict"),
    [("return a.length", False), ("return ctx.args.a.length", False)],
)
def test_forgotten_null_names_strict(
    shared: Connection, body: str, strict: bool
) -> None:
    with refused("42P13"):
        define(shared, "length_of(a text) returns int", body)

    define(shared, "length_of(a text) returns int strict", body)
    assert fetch(shared, "select length_of('abc')") == 3
    assert fetch(shared, "select length_of(null)") is None


def test_args_are_typed_from_the_signature(shared: Connection) -> None:
    with refused("42P13") as refusal:
        define(shared, "typed(a int) returns int strict", "return ctx.args.b")

    assert "'b' does not exist" in refusal.message


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ('(variadic a "any") returns int', 'accept type "any"'),
        ("(a cstring) returns int", "accept type cstring"),
        ("(a internal) returns int", "accept type internal"),
        ("() returns cstring", "return type cstring"),
        ("() returns language_handler", "return type language_handler"),
    ],
)
def test_unsupported_type_is_refused_with_what_to_do(
    shared: Connection, head: str, said: str
) -> None:
    with refused("0A000") as refusal:
        define(shared, f"unsupported{head}", "return null as any")

    assert said in refusal.message
    assert "Declare" in refusal.hint
