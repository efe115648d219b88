"""Polymorphic functions: types that each call site decides."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plts.support import Connection, define, fetch, refused


def same(connection: Connection, statement: str) -> Any:
    """Return the value of a statement and the type that it has."""
    row = connection.execute(
        f"select v, pg_typeof(v)::text from ({statement}) as t(v)".encode()
    ).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("argument", "value", "type_"),
    [
        ("1", 1, "integer"),
        ("9007199254740993", 9007199254740993, "bigint"),
        ("'x'::text", "x", "text"),
        ("true", True, "boolean"),
        ("array[1, 2]", [1, 2], "integer[]"),
        ("""'{"a": 1}'::jsonb""", {"a": 1}, "jsonb"),
        ("'\\x01'::bytea", b"\x01", "bytea"),
        ("null::int", None, "integer"),
    ],
)
def test_anyelement_keeps_value_and_type(
    shared: Connection, argument: str, value: object, type_: str
) -> None:
    define(shared, "identity(a anyelement) returns anyelement", "return a")

    assert same(shared, f"select identity({argument})") == (value, type_)


def test_one_statement_calls_it_with_several_types(shared: Connection) -> None:
    define(shared, "identity(a anyelement) returns anyelement", "return a")

    row = shared.execute(
        "select identity(1), identity('x'::text), identity(1.5::float8), identity(2)"
    ).fetchone()

    assert row == (1, "x", 1.5, 2)


def test_anyarray_and_anyelement_fit_each_other(shared: Connection) -> None:
    define(
        shared,
        "append_to(a anyarray, e anyelement) returns anyarray strict",
        "return [...a, e]",
    )
    define(shared, "first_of(a anyarray) returns anyelement strict", "return a[0]")
    define(shared, "pair_of(a anyelement) returns anyarray strict", "return [a, a]")

    assert same(shared, "select append_to(array[1, 2], 3)") == ([1, 2, 3], "integer[]")
    assert same(shared, "select first_of(array['a', 'b'])") == ("a", "text")
    assert same(shared, "select pair_of(true)") == ([True, True], "boolean[]")


def test_anynonarray_refuses_arrays(shared: Connection) -> None:
    define(shared, "scalar(a anynonarray) returns anynonarray strict", "return a")

    assert fetch(shared, "select scalar(1)") == 1
    with refused("42883"):
        shared.execute("select scalar(array[1])")


def test_anyenum_is_its_label(session: Connection) -> None:
    session.execute("create type mood as enum ('sad', 'happy')")
    define(
        session,
        "other(a anyenum) returns anyenum strict",
        "return a === 'sad' ? 'happy' : 'sad'",
    )

    assert same(session, "select other('sad'::mood)") == ("happy", "mood")


def test_anyrange_and_anymultirange_are_text(shared: Connection) -> None:
    define(shared, "ranged(a anyrange) returns anyrange strict", "return a")
    define(
        shared,
        "many_of(a anyrange) returns anymultirange strict",
        "return `{${a}}`",
    )

    assert fetch(shared, "select ranged(int4range(1, 5))::text") == "[1,5)"
    assert fetch(shared, "select many_of(int4range(1, 5))::text") == "{[1,5)}"


@pytest.mark.parametrize(
    ("arguments", "value", "type_"),
    [("1, 2.5", "2.5", "numeric"), ("1, 2", "2", "integer"), ("'a', 'b'", "b", "text")],
)
def test_anycompatible_takes_a_common_type(
    shared: Connection, arguments: str, value: str, type_: str
) -> None:
    define(
        shared,
        "second(a anycompatible, b anycompatible) returns anycompatible strict",
        "return b",
    )

    found, found_type = same(shared, f"select second({arguments})")
    assert (str(found), found_type) == (value, type_)


def test_variadic_of_any_compatible_type(shared: Connection) -> None:
    define(
        shared,
        "last_of(variadic a anycompatiblearray) returns anycompatible strict",
        "return a[a.length - 1]",
    )

    assert same(shared, "select last_of(1, 2, 3)") == (3, "integer")
    assert same(shared, "select last_of(variadic array['x', 'y'])") == ("y", "text")


def test_polymorphic_outputs(shared: Connection) -> None:
    define(
        shared,
        "twofold(a anyelement, out one anyelement, out all_of anyarray) strict",
        "return { one: a, all_of: [a, a] }",
    )

    row = shared.execute(
        "select one, all_of, pg_typeof(all_of)::text from twofold('x'::text)"
    ).fetchone()

    assert row == ("x", ["x", "x"], "text[]")


def test_polymorphic_sets(shared: Connection) -> None:
    define(shared, "each_of(a anyarray) returns setof anyelement strict", "yield* a")
    define(
        shared,
        "numbered_of(a anyarray) returns table(n int, e anyelement) strict",
        "let n = 0; for (const e of a) yield { n: ++n, e }",
    )

    assert shared.execute("select * from each_of(array[1, 2])").fetchall() == [
        (1,),
        (2,),
    ]
    assert shared.execute("select * from numbered_of(array['a', 'b'])").fetchall() == [
        (1, "a"),
        (2, "b"),
    ]


def test_composite_for_anyelement_is_an_object(session: Connection) -> None:
    session.execute("create type point2 as (x int, y int)")
    define(
        session,
        "with_x(a anyelement, x int) returns anyelement strict",
        "return { ...(a as object), x }",
    )

    assert fetch(session, "select with_x((1, 2)::point2, 9)::text") == "(9,2)"


def test_value_that_does_not_fit_the_resolved_type_is_refused(
    shared: Connection,
) -> None:
    define(shared, "bad(a anyelement) returns anyelement strict", "return 'x'")

    assert fetch(shared, "select bad('y'::text)") == "x"
    with refused("42804") as refusal:
        shared.execute("select bad(1)")

    assert "SQL type integer" in refusal.message


def test_parameter_may_be_null_unless_strict(shared: Connection) -> None:
    with refused("42P13"):
        define(shared, "size_of(a anyarray) returns int", "return a.length")

    define(shared, "size_of(a anyarray) returns int strict", "return a.length")
    assert fetch(shared, "select size_of(array[1, 2])") == 2


def test_replacing_changes_every_resolved_version(shared: Connection) -> None:
    define(shared, "shown(a anyelement) returns text", "return 'old'")
    assert fetch(shared, "select shown(1) || shown(true)") == "oldold"

    define(shared, "shown(a anyelement) returns text", "return 'new'")

    assert fetch(shared, "select shown(1) || shown(true)") == "newnew"


def test_resolved_types_follow_a_changed_type(session: Connection) -> None:
    session.execute("create type pair as (a int)")
    define(
        session,
        "keys_of(a anyelement) returns text strict",
        "return Object.keys(a as object).join()",
    )
    assert fetch(session, "select keys_of(row(1)::pair)") == "a"

    session.execute("alter type pair add attribute b int")

    assert fetch(session, "select keys_of(row(1, 2)::pair)") == "a,b"


def test_module_is_evaluated_once_for_all_types(session: Connection) -> None:
    define(
        session,
        "counted(a anyelement) returns int",
        "let calls = 0; export default () => ++calls",
    )

    row = session.execute("select counted(1), counted('x'::text)").fetchone()

    assert row == (1, 2)


def test_polymorphic_procedure(shared: Connection) -> None:
    shared.execute(
        "create or replace procedure echo_to(inout a anyelement) language plts "
        "as 'return a'"
    )

    cursor = shared.execute("call echo_to('x'::text)")
    assert cursor.fetchone() == ("x",)


def test_polymorphic_aggregate_state(session: Connection) -> None:
    define(
        session,
        "keep_last(state anyelement, next anyelement) returns anyelement",
        "return next",
    )
    session.execute(
        "create aggregate last_value_of(anyelement)"
        " (sfunc = keep_last, stype = anyelement)"
    )

    statement = "select last_value_of(n order by n) from generate_series(1, 3) as n"
    assert fetch(session, statement) == 3
