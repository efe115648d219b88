"""Decimal, the exact decimal type of the runtime, where SQL wants numeric or money."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, OpenSession, fetch, refused

MODULE = """
import {{ Decimal, type DecimalInput }} from "@stopgap/runtime";

export default (ctx: Ctx<any>): any => {{
  const a = ctx.args.a;
  return {expression};
}};
"""


def calculate(
    connection: Connection,
    expression: str,
    a: str | None = None,
    returns: str = "numeric",
    takes: str = "numeric",
) -> str:
    """The text of what an expression of Decimals makes of the parameter `a`."""
    text = MODULE.format(expression=expression)
    connection.execute("drop function if exists calculated")
    connection.execute(
        f"create function calculated(a {takes}) returns {returns} language plts"
        f" as $plts${text}$plts$".encode()
    )
    return str(fetch(connection, f"select calculated(%s::{takes})::text", [a]))


@pytest.mark.parametrize(
    ("expression", "a", "expected"),
    [
        ("new Decimal(a).plus('0.2')", "0.1", "0.3"),
        ("Decimal(a).times(a)", "10000000001", "100000000020000000001"),
        ("Decimal(a).minus(1)", "9007199254740993", "9007199254740992"),
        ("Decimal(a).div(3)", "2", "0.66666666666666666667"),
        ("Decimal.clone({ DECIMAL_PLACES: 40 })(a).div(3)", "1", "0." + "3" * 40),
        ("Decimal(a).negated()", "NaN", "NaN"),
        ("Decimal(a).negated()", "Infinity", "-Infinity"),
        ("Decimal(0).times(a)", "-1", "0"),
        ("Decimal.sum(a, 1n, '2', 3.5)", "1e-20", "6.50000000000000000001"),
    ],
)
def test_result_is_exact(
    shared: Connection, expression: str, a: str, expected: str
) -> None:
    assert calculate(shared, expression, a) == expected


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    "digits", ["9" * 131072, "0." + "0" * 16382 + "7", "9" * 131072 + "." + "3" * 16383]
)
def test_largest_numerics_pass_through(
    shared: Connection, digits: str, sign: str
) -> None:
    text = calculate(shared, "new Decimal(a).negated().negated()", sign + digits)

    assert text == sign + digits


@pytest.mark.parametrize(
    "expression", ["Decimal(10).pow(131072)", "Decimal('1e-16384')"]
)
def test_what_numeric_cannot_hold_is_refused(
    shared: Connection, expression: str
) -> None:
    with refused("22003") as refusal:
        calculate(shared, expression)

    assert refusal.message == "value overflows numeric format"


@pytest.mark.parametrize(
    ("returns", "expression", "expected"),
    [
        ("money", "Decimal(a).plus('0.01')", "$92,233,720,368,547,758.07"),
        (
            "numeric[]",
            "[Decimal(1), null, Decimal(a)]",
            "{1,NULL,92233720368547758.06}",
        ),
        ("priced", "({ price: Decimal(a), n: 1 })", "(92233720368547758.06,1)"),
        ("jsonb", "({ a: Decimal(a) })", '{"a": "92233720368547758.06"}'),
        ("text", "String(Decimal(a).times('1e30'))", "9223372036854775806" + "0" * 28),
    ],
)
def test_result_of_type(
    shared: Connection, returns: str, expression: str, expected: str
) -> None:
    if fetch(shared, "select to_regtype('priced') is null"):
        shared.execute("create type priced as (price numeric, n int)")

    assert calculate(shared, expression, "92233720368547758.06", returns) == expected


def test_money_is_calculated_exactly(shared: Connection) -> None:
    text = calculate(shared, "Decimal(a).times(3)", "19.90", "numeric", "money")

    assert text == "59.7"


@pytest.mark.parametrize("call", ["query", "sync.query"])
def test_parameter_of_a_statement(shared: Connection, call: str) -> None:
    long = "123456789012345678901234567890.000000000000000000000000000001"
    text = calculate(
        shared,
        f"ctx.db.{call}("
        "'select $1::numeric + sum(x) as s from unnest($2::numeric[]) x',"
        " [Decimal(a), [Decimal(1), Decimal(a)]])"
        + (".then((rows: any) => rows[0].s)" if call == "query" else "[0].s"),
        long,
    )

    assert text == "246913578024691357802469135781.000000000000000000000000000002"


@pytest.mark.parametrize("returns", ["int8", "float8", "bool", "date"])
def test_is_refused_where_another_type_is_wanted(
    shared: Connection, returns: str
) -> None:
    with refused("42804") as refusal:
        calculate(shared, "Decimal(1)", returns=returns)

    assert refusal.message.startswith("JavaScript object cannot become SQL type")


@pytest.mark.parametrize(
    "expression", ["({})", "[1]", "({ toPostgres: 1 })", "({ toPostgres: () => 1 })"]
)
def test_other_objects_are_no_numeric(shared: Connection, expression: str) -> None:
    with refused("42804"):
        calculate(shared, expression)


def test_exception_of_an_object_is_the_error(shared: Connection) -> None:
    with refused("38000") as refusal:
        calculate(shared, "({ toPostgres() { throw new Error('no text'); } })")

    assert refusal.message == "no text"


def test_text_that_is_no_number_is_refused(shared: Connection) -> None:
    with refused("22P02"):
        calculate(shared, "({ toPostgres: () => 'one' })")


@pytest.mark.parametrize(
    "change",
    [
        "(Decimal as any).config({ DECIMAL_PLACES: 1 })",
        "(Decimal as any).set({ DECIMAL_PLACES: 1 })",
        "(Decimal(1) as any).constructor.config({ DECIMAL_PLACES: 1 })",
        "(Decimal.prototype as any).plus = () => 0",
        "(Decimal.prototype as any).plus.call = () => 0",
        "(Decimal as any).max = () => 0",
        "Object.setPrototypeOf(Decimal.prototype, { isZero: () => true })",
    ],
)
def test_no_function_changes_it_for_another(shared: Connection, change: str) -> None:
    with refused("38000"):
        calculate(shared, change)

    assert calculate(shared, "Decimal(1).div(8).plus(1)") == "1.125"


def test_interrupted_calculation_leaves_it_as_it_was(open_session: OpenSession) -> None:
    session = open_session()
    session.execute("set statement_timeout = '200ms'")
    with refused("57014"):
        calculate(session, "Decimal('1.000001').pow(9007199254740991)")
    session.execute("reset statement_timeout")

    assert calculate(session, "Decimal(1).div(8).plus(1)") == "1.125"
