"""The shop's functions, deployed and called as app_user: every answer is known."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from examples.shop.load import SHOP, read_folder
from stopgap.cli.demo_calls import ANY, ROLLED_BACK, VERSION_1, VERSION_2, Call
from tests.examples.loading import deploy

Connection = psycopg.Connection[tuple[object, ...]]
LIVE = "live_deployment"


def outcome(session: Connection, call: Call) -> object:
    try:
        row = session.execute(call.statement(LIVE).encode()).fetchone()
    except psycopg.Error as error:
        return error
    return row[0] if row else None


def wrong(session: Connection, calls: list[Call]) -> list[tuple[Call, object]]:
    """Make the calls in order, and return those whose answer is not the right one."""
    made = [(call, outcome(session, call)) for call in calls]
    return [(call, answer) for call, answer in made if not call.is_right(answer)]


def ask(session: Connection, function: str, args: dict[str, Any]) -> Any:
    answer = outcome(session, Call(function, args))
    if isinstance(answer, psycopg.Error):
        raise answer
    return answer


def test_version_1_answers(shop: Connection, app_user: Connection) -> None:
    deploy(shop, "v1")

    assert wrong(app_user, VERSION_1) == []


def test_version_2_answers_after_version_1(
    shop: Connection, app_user: Connection
) -> None:
    deploy(shop, "v1")
    wrong(app_user, VERSION_1)

    deploy(shop, "v2", prune=True)

    assert wrong(app_user, VERSION_2) == []


def test_version_1_answers_again_after_a_rollback(
    shop: Connection, app_user: Connection
) -> None:
    deploy(shop, "v1")
    deploy(shop, "v2", prune=True)

    shop.execute("select stopgap.rollback('prod')")

    assert wrong(app_user, ROLLED_BACK) == []


@pytest.mark.parametrize(
    ("folder", "calls"), [("v1", VERSION_1), ("v2", VERSION_2)], ids=["v1", "v2"]
)
def test_the_calls_reach_every_function(folder: str, calls: list[Call]) -> None:
    called = {call.function for call in calls}

    assert called >= {file.name for file in read_folder(SHOP / folder)}


def test_an_order_refused_for_its_stock_leaves_nothing(
    shop: Connection, app_user: Connection
) -> None:
    deploy(shop, "v1")
    lines = [{"sku": "KIT-003", "quantity": 1}, {"sku": "GAR-005", "quantity": 10_000}]

    answer = ask(app_user, "place_order", {"customerId": 7, "lines": lines})

    assert answer == {"ok": False, "reason": "out_of_stock"}
    stock = shop.execute("select stock from shop.products where sku = 'KIT-003'")
    assert stock.fetchone() == (113,)


def test_an_order_of_an_unknown_product_is_undone(
    shop: Connection, app_user: Connection
) -> None:
    deploy(shop, "v1")
    lines = [{"sku": "KIT-003", "quantity": 1}, {"sku": "nothing", "quantity": 1}]

    with pytest.raises(psycopg.errors.NoDataFound):
        ask(app_user, "place_order", {"customerId": 7, "lines": lines})

    stock = shop.execute("select stock from shop.products where sku = 'KIT-003'")
    assert stock.fetchone() == (113,)


def test_an_order_of_an_unknown_customer_fails_as_the_constraint_says(
    shop: Connection, app_user: Connection
) -> None:
    deploy(shop, "v1")
    lines = [{"sku": "KIT-003", "quantity": 1}]

    with pytest.raises(psycopg.errors.ForeignKeyViolation) as refused:
        ask(app_user, "place_order", {"customerId": 9999, "lines": lines})

    assert refused.value.diag.constraint_name == "orders_customer_fkey"


def test_cancelling_an_order_puts_its_goods_back(
    shop: Connection, app_user: Connection
) -> None:
    deploy(shop, "v1")
    lines = [{"sku": "KIT-003", "quantity": 5}]
    placed = ask(app_user, "place_order", {"customerId": 7, "lines": lines})

    ask(app_user, "cancel_order", {"orderId": placed["orderId"]})

    stock = shop.execute("select stock from shop.products where sku = 'KIT-003'")
    assert stock.fetchone() == (113,)


def test_the_sums_of_a_customer_are_those_of_the_tables(
    shop: Connection, app_user: Connection
) -> None:
    deploy(shop, "v1")
    expected = shop.execute(
        "select sum(l.quantity * l.unit_price_cents) from shop.orders as o"
        " join shop.order_lines as l on l.order_id = o.id"
        " where o.customer_id = 42 and o.status <> 'cancelled'"
    ).fetchone()

    answer = ask(app_user, "customer_overview", {"customerId": 42})

    assert (answer["spentCents"],) == expected


def test_a_query_reads_only(shop: Connection, app_user: Connection) -> None:
    deploy(shop, "v1")
    shop.execute(
        "create function shop_src.sneak(args jsonb) returns jsonb language plts as $$"
        'import { query } from "@stopgap/runtime";\n'
        "export default query(async (_args: unknown, ctx) =>"
        ' ctx.db.exec("update shop.products set stock = 0"));'
        "$$"
    )
    shop.execute("select stopgap.deploy('prod', 'shop_src')")

    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        ask(app_user, "sneak", {})


class TestAnswer:
    """How the demo compares an answer with what it must be."""

    @pytest.mark.parametrize(
        ("expected", "answer"),
        [
            ({"a": 1}, {"a": 1, "b": 2}),
            ([{"a": 1}], [{"a": 1}]),
            ({"at": ANY}, {"at": "2026"}),
        ],
    )
    def test_it_fits(self, expected: Any, answer: Any) -> None:
        assert Call("f", {}, expected).is_right(answer)

    @pytest.mark.parametrize(
        ("expected", "answer"),
        [
            ({"a": 1}, {}),
            ({"a": 1}, {"a": True}),
            ([1], [1, 2]),
            ({"at": ANY}, {}),
            ({"a": 1}, None),
        ],
    )
    def test_it_does_not(self, expected: Any, answer: Any) -> None:
        assert not Call("f", {}, expected).is_right(answer)

    def test_an_error_is_right_by_its_sqlstate(self) -> None:
        error = psycopg.errors.lookup("42883")()

        assert Call("f", {}, error="42883").is_right(error)
        assert not Call("f", {}, error="42501").is_right(error)
        assert not Call("f", {}).is_right(error)
