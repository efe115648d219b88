"""Any value survives the way through JavaScript, as PostgreSQL compares it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.cluster import RunningCluster
from tests.plts.support import Connection, define, fetch

# What PostgreSQL's text can hold.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def array_of(elements: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Array literals of one dimension, with NULLs."""

    def quote(element: str | None) -> str:
        if element is None:
            return "NULL"
        return '"' + element.replace("\\", "\\\\").replace('"', '\\"') + '"'

    lists = st.lists(st.none() | elements, max_size=20)
    return lists.map(lambda items: "{" + ",".join(map(quote, items)) + "}")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
    # A document that is null becomes SQL's NULL.
).map(lambda value: json.dumps([] if value is None else value))

INTERVALS = st.timedeltas(timedelta(days=-100_000), timedelta(days=100_000)).map(
    lambda t: f"{t.days} days {t.seconds}.{t.microseconds:06} seconds"
)

VALUES: dict[str, st.SearchStrategy[str]] = {
    "bool": st.booleans().map(str),
    "int2": st.integers(-(2**15), 2**15 - 1).map(str),
    "int4": st.integers(-(2**31), 2**31 - 1).map(str),
    "int8": st.integers(-(2**63), 2**63 - 1).map(str),
    "oid": st.integers(0, 2**32 - 1).map(str),
    "float4": st.floats(width=32).map(repr),
    "float8": st.floats().map(repr),
    "numeric": st.decimals(allow_infinity=False).map(
        lambda d: "NaN" if d.is_nan() else str(d) if abs(d.adjusted()) < 1000 else "0"
    ),
    "money": st.integers(-(2**63), 2**63 - 1).map(lambda n: str(Decimal(n).scaleb(-2))),
    "text": TEXT,
    "bytea": st.binary().map(lambda data: "\\x" + data.hex()),
    "uuid": st.uuids().map(str),
    "inet": st.ip_addresses().map(str),
    "interval": INTERVALS,
    "date": st.dates().map(date.isoformat),
    "time": st.times().map(time.isoformat),
    "timestamp": st.datetimes().map(datetime.isoformat),
    "timestamptz": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    "int8range": st.tuples(st.integers(-(2**62), 0), st.integers(1, 2**62)).map(
        lambda pair: f"[{pair[0]},{pair[1]})"
    ),
    "json": JSON,
    "jsonb": JSON,
    "int4[]": array_of(st.integers(-(2**31), 2**31 - 1).map(str)),
    "float8[]": array_of(st.floats().map(repr)),
    "text[]": array_of(TEXT),
}


@pytest.fixture(scope="module")
def survives(
    cluster: RunningCluster, shared_database: str
) -> Iterator[Callable[[str, str], bool]]:
    """Ask PostgreSQL whether a value is the same after its way through JavaScript."""
    connection: Connection = cluster.connect(shared_database)
    connection.execute("set timezone = 'America/New_York'")
    for number, sql_type in enumerate(VALUES):
        define(
            connection, f"same_{number}(x {sql_type}) returns {sql_type}", "return x"
        )
    numbers = {sql_type: number for number, sql_type in enumerate(VALUES)}

    def ask(sql_type: str, literal: str) -> bool:
        # json has no equality, and a number of either can be written in many ways.
        form = "jsonb" if sql_type in ("json", "jsonb") else "text"
        return bool(
            fetch(
                connection,
                f"select same_{numbers[sql_type]}(x)::{form} is not distinct "
                f"from x::{form} "
                f"from (select %s::text::{sql_type} as x) v",
                [literal],
            )
        )

    yield ask
    connection.close()


@pytest.mark.parametrize("sql_type", VALUES)
def test_value_survives(survives: Callable[[str, str], bool], sql_type: str) -> None:
    @settings(max_examples=100, deadline=None, database=None)
    @given(VALUES[sql_type])
    def check(literal: str) -> None:
        assert survives(sql_type, literal)

    check()
