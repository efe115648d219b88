"""What the demo asks of the shop's functions, and the answers that are right.

The shop's data are the same every time, so the answers are known. The calls of one list
follow each other: an order placed by one is read by the next.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import psycopg

# Any value will do: times, and numbers that say nothing about the functions.
ANY = ...


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a live function and its answer: a value, or the SQLSTATE of an error.

    Where the answer is an object, members that it does not name are not compared.
    """

    function: str
    args: Any
    answer: Any = ANY
    error: str | None = None
    note: str = ""

    def statement(self, live_schema: str) -> str:
        """Return the statement that makes the call."""
        args = json.dumps(self.args).replace("'", "''")
        return f"select {live_schema}.{self.function}('{args}')"

    def is_right(self, outcome: object) -> bool:
        """Say whether the outcome, a value or an error, is what it must be."""
        if isinstance(outcome, psycopg.Error):
            return self.error is not None and outcome.sqlstate == self.error
        return self.error is None and _fits(self.answer, outcome)


def _fits(pattern: Any, value: Any) -> bool:
    if pattern is ANY:
        return True
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and _fits(part, value[name]) for name, part in pattern.items()
        )
    if isinstance(pattern, list):
        return (
            isinstance(value, list)
            and len(pattern) == len(value)
            and all(map(_fits, pattern, value))
        )
    return type(pattern) is type(value) and bool(pattern == value)


_GRACE = {"email": "Grace@example.com", "name": "Grace Hill", "country": "DE"}
_LOW_STOCK = {
    "below": 24,
    "products": [
        {"sku": "GAR-122", "name": "Folding kettle", "stock": 22},
        {"sku": "KIT-093", "name": "Classic shelf", "stock": 23},
    ],
}
_REVENUE_2025 = 48894169
_PARCEL = {"country": "DE", "grams": 2300, "goodsCents": 12000}

VERSION_1 = [
    Call("register_customer", _GRACE, {"ok": True, "customerId": 501}),
    Call(
        "register_customer",
        _GRACE,
        {"ok": False, "reason": "email_taken", "constraint": "customers_email_key"},
        note="Again: the unique constraint fails, the handler catches the SqlError.",
    ),
    Call(
        "register_customer",
        {"email": "grace", "name": ""},
        error="22023",
        note="Arguments that do not fit the schema are refused, each with its path.",
    ),
    Call(
        "search_products",
        {"text": "lamp", "category": "kitchen", "limit": 2},
        {
            "count": 2,
            "products": [
                {"sku": "KIT-072", "name": "Folding lamp", "priceCents": 864},
                {"sku": "KIT-144", "name": "Heavy lamp", "priceCents": 1228},
            ],
        },
    ),
    Call(
        "place_order",
        {
            "customerId": 501,
            "lines": [
                {"sku": "KIT-003", "quantity": 2},
                {"sku": "GAR-005", "quantity": 1},
            ],
        },
        {"ok": True, "orderId": 2001, "totalCents": 3007},
    ),
    Call(
        "place_order",
        {"customerId": 501, "lines": [{"sku": "KIT-006", "quantity": 1000}]},
        {"ok": False, "reason": "out_of_stock"},
        note="A check constraint keeps the stock from going below zero.",
    ),
    Call(
        "order_details",
        {"orderId": 2001},
        {
            "id": 2001,
            "status": "placed",
            "placedAt": ANY,
            "customer": "Grace Hill",
            "discountCents": 0,
            "lines": [
                {
                    "sku": "KIT-003",
                    "name": "Classic shelf",
                    "quantity": 2,
                    "unitPriceCents": 911,
                },
                {
                    "sku": "GAR-005",
                    "name": "Plain basket",
                    "quantity": 1,
                    "unitPriceCents": 1185,
                },
            ],
            "totalCents": 3007,
        },
    ),
    Call(
        "customer_overview",
        {"customerId": 501},
        {
            "name": "Grace Hill",
            "email": "grace@example.com",
            "country": "DE",
            "orders": 1,
            "spentCents": 3007,
            "averageCents": "3007.00",
        },
    ),
    Call(
        "restock", {"sku": "KIT-006", "quantity": 10}, {"sku": "KIT-006", "stock": 36}
    ),
    Call("cancel_order", {"orderId": 2001}, {"ok": True, "productsReturned": 2}),
    Call(
        "cancel_order",
        {"orderId": 2001},
        error="SH001",
        note="A second time: the function throws an SqlError with a code of its own.",
    ),
    Call(
        "top_products",
        {"limit": 2},
        [
            {
                "sku": "KIT-066",
                "name": "Light lamp",
                "sold": 117,
                "revenueCents": 1116414,
            },
            {
                "sku": "KIT-132",
                "name": "Folding lamp",
                "sold": 120,
                "revenueCents": 1090080,
            },
        ],
    ),
    Call("low_stock", {"below": 24}, _LOW_STOCK),
    Call(
        "shipping_quote",
        _PARCEL,
        {"country": "DE", "cents": 640},
    ),
]

VERSION_2 = [
    Call(
        "shipping_quote",
        _PARCEL,
        {"country": "DE", "cents": 0},
        note="Changed: from a hundred euros on, parcels at home are free.",
    ),
    Call(
        "search_products",
        {"text": "lamp", "category": "kitchen", "inStock": True, "limit": 1},
        {
            "count": 1,
            "products": [
                {
                    "sku": "KIT-072",
                    "name": "Folding lamp",
                    "priceCents": 864,
                    "stock": 92,
                }
            ],
        },
        note="Changed: it takes inStock, and tells the stock.",
    ),
    Call(
        "sales_by_month",
        {"year": 2025},
        {"year": 2025, "revenueCents": _REVENUE_2025},
        note="New in version 2.",
    ),
    Call(
        "place_order",
        {"customerId": 7, "lines": [{"sku": "KIT-006", "quantity": 2}]},
        {"ok": True, "orderId": 2002, "discountCents": 132, "totalCents": 2512},
        note="Changed: a customer who has ordered before gets five percent off.",
    ),
    Call(
        "low_stock",
        {"below": 24},
        error="42883",
        note="Version 2 has no low_stock, and it was deployed with --prune.",
    ),
    Call("order_details", {"orderId": 2002}, {"totalCents": 2512}),
    Call("restock", {"sku": "KIT-006", "quantity": 1}, {"sku": "KIT-006", "stock": 35}),
    Call("cancel_order", {"orderId": 2002}, {"ok": True, "productsReturned": 1}),
    Call(
        "customer_overview",
        {"customerId": 7},
        {"orders": 4, "spentCents": 116644, "averageCents": "29161.00"},
    ),
    Call("register_customer", _GRACE, {"ok": False, "reason": "email_taken"}),
    Call("top_products", {"limit": 1}, [{"sku": "KIT-066"}]),
]

UNCHANGED = [
    Call(
        "shipping_quote",
        _PARCEL,
        {"country": "DE", "cents": 640},
        note="Callers have noticed nothing.",
    ),
]

ROLLED_BACK = [
    Call(
        "shipping_quote",
        _PARCEL,
        {"country": "DE", "cents": 640},
        note="Version 1 knows nothing of free parcels.",
    ),
    Call("low_stock", {"below": 24}, _LOW_STOCK, note="Back again, with its grants."),
    Call(
        "sales_by_month",
        {"year": 2025},
        error="42883",
        note="It came with version 2 and went with it.",
    ),
]
