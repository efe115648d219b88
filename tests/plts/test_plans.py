"""Plans of statements: kept by their text, whatever changes under them."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, define, evaluate, fetch

ITEM = """
create table item (
    id int primary key,
    name text not null,
    price numeric(8, 2),
    tags text[],
    data jsonb
)
"""


@pytest.fixture
def items(connection: Connection) -> Connection:
    """A session on a database of the test's own, with a small table."""
    connection.execute(ITEM)
    return connection


def test_kept_plan_survives_ddl(items: Connection) -> None:
    define(
        items, "all_items() returns json", "return ctx.db.query('select * from item')"
    )
    items.execute("insert into item (id, name) values (1, 'a')")
    before = fetch(items, "select all_items()")

    items.execute("alter table item drop column data, drop column tags, add extra int")
    after = fetch(items, "select all_items()")

    assert list(before[0]) == ["id", "name", "price", "tags", "data"]
    assert after == [{"id": 1, "name": "a", "price": None, "extra": None}]


def test_kept_plan_follows_the_search_path(connection: Connection) -> None:
    connection.execute("create schema a; create schema b")
    connection.execute("create table a.t as select 'a' as v")
    connection.execute("create table b.t as select 'b' as v")
    define(connection, "whose() returns json", "return ctx.db.query('select v from t')")

    connection.execute("set search_path = a, public")
    first = fetch(connection, "select whose()")
    connection.execute("set search_path = b, public")
    second = fetch(connection, "select whose()")

    assert (first, second) == ([{"v": "a"}], [{"v": "b"}])


def test_kept_plan_follows_a_changed_parameter_type(connection: Connection) -> None:
    connection.execute("create table t (v int)")
    define(
        connection,
        "put(v text) returns void",
        "await ctx.db.exec('insert into t values ($1)', [isNaN(+v!) ? v : +v!])",
    )
    connection.execute("select put('1')")

    connection.execute("alter table t alter v type text")
    connection.execute("select put('abc')")

    assert fetch(connection, "select string_agg(v, ',') from t") == "1,abc"


def test_many_different_statements_do_not_exhaust_the_cache(shared: Connection) -> None:
    body = """
        let sum = 0;
        for (let i = 0; i < 600; i++) {
            sum += (await ctx.db.query<any>(`select ${i} as c${i}`))[0]['c' + i];
        }
        return sum
    """

    assert evaluate(shared, "int", body) == sum(range(600))
