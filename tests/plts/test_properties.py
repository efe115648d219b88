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

# As a parameter, a string for a document is JSON text.
DOCUMENTS = JSON.filter(lambda text: not text.startswith('"'))

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


# Types made of others, each with what its values are made of.
NESTED_TYPES = """
create type mood as enum ('sad', 'ok', 'happy; "very"');
create domain positive as int check (value > 0);
create type floats as range (subtype = float8);
create type leaf as (
    n int8, t text, d numeric, f float8, b bytea, m mood, at timestamptz,
    day date, wait interval, span tstzrange, many int4multirange, p positive,
    place floats, flag bool, doc jsonb
);
alter type leaf drop attribute flag;
create domain checked as leaf check ((value).p is distinct from 13);
create domain words as text[] check (array_length(value, 1) is distinct from 13);
create type branch as (
    id int, leaves leaf[], tags words, sure checked, grid float8[], times timestamp[],
    bits bit varying, cash money
);
create table tree (gone int, root branch, others branch[], label text);
alter table tree drop column gone;
"""


def literal(fields: list[str | None], opening: str, closing: str) -> str:
    """Write a composite or an array literal: both quote alike."""
    quoted = (
        ("" if opening == "(" else "NULL")
        if field is None
        else '"' + field.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for field in fields
    )
    return opening + ",".join(quoted) + closing


def row_of(*fields: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Composite literals, of which any column may be NULL."""
    return st.tuples(*(st.none() | field for field in fields)).map(
        lambda values: literal(list(values), "(", ")")
    )


def grid_of(elements: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Array literals of one to three dimensions."""

    def fill(sizes: list[int], values: list[str]) -> str:
        if not sizes:
            return '"' + values.pop() + '"'
        return "{" + ",".join(fill(sizes[1:], values) for _ in range(sizes[0])) + "}"

    return st.lists(st.integers(1, 3), min_size=1, max_size=3).flatmap(
        lambda sizes: st.lists(elements, min_size=27, max_size=27).map(
            lambda values: fill(sizes, values)
        )
    )


def plain_array_of(elements: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Array literals of one dimension and few elements."""
    return st.lists(st.none() | elements, max_size=4).map(
        lambda items: literal(list(items), "{", "}")
    )


# Microseconds, both ends of what PostgreSQL holds, and years before Christ.
TIMESTAMPS = st.datetimes().map(datetime.isoformat) | st.sampled_from(
    [
        "infinity",
        "-infinity",
        "4713-01-01 00:00:00 BC",
        "0044-03-15 12:00:00.000001 BC",
        "294276-12-31 12:59:59.999999",
        "1883-11-18 12:03:58",
    ]
)
RANGES = st.tuples(st.datetimes(), st.datetimes()).map(
    lambda pair: f"[{min(pair).isoformat()},{max(pair).isoformat()})"
)
LEAVES = row_of(
    VALUES["int8"],
    TEXT,
    VALUES["numeric"],
    VALUES["float8"],
    VALUES["bytea"],
    st.sampled_from(["sad", "ok", 'happy; "very"']),
    TIMESTAMPS,
    st.dates().map(date.isoformat) | st.sampled_from(["infinity", "4713-01-01 BC"]),
    INTERVALS | st.sampled_from(["-1 year 2 mons -3 days 04:05:06.7", "-00:00:01"]),
    RANGES | st.just("empty"),
    st.lists(st.integers(-1000, 1000), max_size=4).map(
        lambda starts: "{" + ",".join(f"[{n},{n + 2})" for n in starts) + "}"
    ),
    st.integers(14, 2**31 - 1).map(str),
    st.tuples(
        st.floats(allow_nan=False, allow_infinity=False),
        st.floats(allow_nan=False, allow_infinity=False),
    ).map(lambda pair: f"[{min(pair)!r},{max(pair)!r}]"),
    DOCUMENTS,
)
BRANCHES = row_of(
    VALUES["int4"],
    plain_array_of(LEAVES),
    plain_array_of(TEXT),
    LEAVES,
    grid_of(st.floats().map(repr)),
    plain_array_of(TIMESTAMPS),
    st.text("01", max_size=40),
    VALUES["money"],
)
NESTED: dict[str, st.SearchStrategy[str]] = {
    "leaf": LEAVES,
    "leaf[]": plain_array_of(LEAVES),
    "checked": LEAVES,
    "checked[]": plain_array_of(LEAVES),
    "words": plain_array_of(TEXT),
    "words[]": plain_array_of(plain_array_of(TEXT)),
    "branch": BRANCHES,
    "branch[]": plain_array_of(BRANCHES),
    "tree": row_of(BRANCHES, plain_array_of(BRANCHES), TEXT),
    "mood[]": plain_array_of(st.sampled_from(["sad", "ok"])),
    "timestamptz[]": grid_of(TIMESTAMPS),
    "tstzrange[]": plain_array_of(RANGES),
    "interval[]": grid_of(INTERVALS),
}

# Everything of a session that text forms depend on.
SESSIONS = st.fixed_dictionaries(
    {
        "datestyle": st.sampled_from(
            ["ISO, DMY", "SQL, DMY", "SQL, MDY", "German", "Postgres, YMD"]
        ),
        "intervalstyle": st.sampled_from(
            ["postgres", "postgres_verbose", "sql_standard", "iso_8601"]
        ),
        "extra_float_digits": st.sampled_from(["-15", "0", "1", "3"]),
        # IST and EST are abbreviations of several zones.
        "timezone": st.sampled_from(
            ["UTC", "Asia/Kolkata", "Australia/Sydney", "America/St_Johns"]
        ),
        "bytea_output": st.sampled_from(["hex", "escape"]),
        "lc_monetary": st.just("C"),
    }
)


@pytest.fixture(scope="module")
def nested(cluster: RunningCluster, shared_database: str) -> Iterator[Connection]:
    """Make the types, and for each of them functions that give a value back."""
    connection: Connection = cluster.connect(shared_database)
    connection.execute(NESTED_TYPES.encode())
    for number, sql_type in enumerate(NESTED):
        define(
            connection, f"back_{number}(x {sql_type}) returns {sql_type}", "return x"
        )
        define(
            connection,
            f"by_statement_{number}(x {sql_type}) returns {sql_type}",
            f"return (await ctx.db.query<any>('select $1::{sql_type} as x', [x]))[0].x",
        )
    yield connection
    connection.close()


@pytest.mark.parametrize("way", ["back", "by_statement"])
@pytest.mark.parametrize("sql_type", NESTED)
def test_nested_value_survives_whatever_the_session_says(
    nested: Connection, sql_type: str, way: str
) -> None:
    number = list(NESTED).index(sql_type)
    question = (
        f"select y is not distinct from x from (select x, {way}_{number}(x) as y from"
        f" (select %s::text::{sql_type} as x) v offset 0) w"
    )

    @settings(max_examples=15, deadline=None, database=None)
    @given(NESTED[sql_type], SESSIONS)
    def check(text: str, session: dict[str, str]) -> None:
        with nested.transaction():
            for name, value in session.items():
                nested.execute("select set_config(%s, %s, true)", [name, value])
            assert fetch(nested, question, [text])

    check()
