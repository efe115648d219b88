"""The shop's data: there is enough of it, and it is the same every time."""

from __future__ import annotations

import psycopg
import pytest

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("customers", 500),
        ("products", 150),
        ("orders", 2000),
        ("order_lines", 5000),
        ("stock_movements", 4900),
    ],
)
def test_each_table_has_its_rows(shop: Connection, table: str, rows: int) -> None:
    count = shop.execute(f"select count(*) from shop.{table}".encode()).fetchone()

    assert count == (rows,)


def test_the_rows_are_the_same_every_time(shop: Connection) -> None:
    digest = shop.execute(
        "select md5(string_agg(l::text, ',' order by l.order_id, l.line_no))"
        " from shop.order_lines as l"
    ).fetchone()

    assert digest == ("a5c46ecb028c1eac50d706c8500e4083",)


def test_no_stock_is_negative_to_begin_with(shop: Connection) -> None:
    lowest = shop.execute("select min(stock) from shop.products").fetchone()

    assert lowest == (22,)
