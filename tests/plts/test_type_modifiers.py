"""Lengths and precisions hold wherever a value is made, as where PL/pgSQL assigns."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest

from tests.fixtures.cluster import RunningCluster
from tests.plts.support import Connection, define, fetch, refused

# Each type with a modifier, the same without one, and values that fit and that do not.
MODIFIED = {
    "varchar(2)": ("varchar", ["", "ab", "ab   ", "abc", "ž😀", "ž😀x"]),
    "char(3)": ("bpchar", ["", "a", "abc  ", "abcd"]),
    "bit(2)": ("bit", ["10", "1", "101"]),
    "varbit(2)": ("varbit", ["", "1", "11", "101"]),
    "numeric(5,2)": ("numeric", ["1", "1.005", "-999.994", "999.995", "NaN", "1e9"]),
    "numeric(3,-2)": ("numeric", ["12345", "99951", "-49"]),
    "time(0)": ("time", ["12:00:00.5", "23:59:59.9"]),
    "timetz(1)": ("timetz", ["12:00:00.05+02", "01:02:03.449-05:30"]),
    "timestamp(0)": ("timestamp", ["2024-02-29 12:00:00.5", "infinity"]),
    "timestamptz(2)": ("timestamptz", ["1999-12-31 23:59:59.996+00", "-infinity"]),
    "interval(1)": ("interval", ["1 year 1.25 s", "-00:00:00.05"]),
    "interval hour to minute": ("interval", ["1 day 02:03:04.5"]),
    "interval year": ("interval", ["1 year 8 mons 3 days"]),
}
TYPES = list(MODIFIED)

# Where a value can be: the type of the place with `T` for the modified type and `N` for
# its number, what JavaScript puts there with `V` for the value, and the value read from
# the place `P` again.
PLACES = {
    "itself": ("T", "V", "P"),
    "element": ("T[]", "[V]", "(P)[1]"),
    "inner element": ("T[]", "[[null, V], [V, null]]", "(P)[2][1]"),
    "domain": ("d_N", "V", "P"),
    "domain of an array": ("da_N", "[V]", "(P)[1]"),
    "array of a domain": ("d_N[]", "[null, V]", "(P)[2]"),
    "domain of a domain": ("dda_N", "[V]", "(P)[1]"),
    "attribute": ("c_N", '{"a": V}', "(P).a"),
    "array attribute": ("c_N", '{"b": [V]}', "((P).b)[1]"),
    "attribute of an element": ("c_N[]", '[{"a": V}]', "((P)[1]).a"),
    "inner attribute": ("o_N", '{"one": {"b": [V]}}', "(((P).one).b)[1]"),
    "inner list": ("o_N", '{"list": [{"a": V}]}', "(((P).list)[1]).a"),
    "domain of a composite": ("dc_N", '{"b": [V]}', "(((P)::c_N).b)[1]"),
}
# One column for each type in each place.
COLUMNS = {
    f"{sql_type} {place}": (n, place)
    for n, sql_type in enumerate(TYPES)
    for place in PLACES
}


def filled(pattern: str, column: str) -> str:
    """Put the type of a column, with its modifier, into a pattern."""
    number, _ = COLUMNS[column]
    return pattern.replace("T", TYPES[number]).replace("N", str(number))


def declared(column: str) -> str:
    """The column with its type."""
    return f'"{column}" {filled(PLACES[COLUMNS[column][1]][0], column)}'


def reading(column: str, row: str) -> str:
    """The value in this column of a row, with all that an output shows."""
    inner = filled(PLACES[COLUMNS[column][1]][2], column)
    return f"to_json({inner.replace('P', f'({row}).{quoted(column)}')})::text"


def quoted(column: str) -> str:
    return f'"{column}"'


def types_and_functions() -> Iterator[str]:
    for n, sql_type in enumerate(TYPES):
        base = MODIFIED[sql_type][0]
        yield f"create domain d_{n} as {sql_type}"
        yield f"create domain da_{n} as {sql_type}[]"
        yield f"create domain dda_{n} as da_{n}"
        yield f"create type c_{n} as (a {sql_type}, b {sql_type}[])"
        yield f"create domain dc_{n} as c_{n}"
        yield f"create type o_{n} as (one c_{n}, list c_{n}[])"
        yield (
            f"create function assigned_{n}(x {base}) returns text language plpgsql as"
            f" $$ declare v {sql_type}; begin v := x; return to_json(v)::text; end $$"
        )
        yield (
            f"create function assigned_array_{n}(x {base}) returns text "
            f"language plpgsql as $$ declare v {sql_type}[]; "
            "begin v := array[x]; return to_json(v[1])::text; end $$"
        )
    columns = ", ".join(map(declared, COLUMNS))
    yield f"create type everything as ({columns})"
    yield f"create table stored (what json, {columns})"
    yield "create view shown as select * from stored"


FUNCTIONS = [
    (
        "made(col text, v json) returns everything",
        "return { [col!]: v } as any",
    ),
    (
        "made_set(col text, v json) returns setof everything",
        "yield { [col!]: v } as any",
    ),
    (
        "made_table(col text, v json) returns table (n int, r everything)",
        "return [{ n: 1, r: { [col!]: v } as any }]",
    ),
    (
        "made_out(col text, v json, out n int, out r everything)",
        "return { n: 1, r: { [col!]: v } as any }",
    ),
    ("made_record(col text, v json) returns record", "return { [col!]: v }"),
    (
        "made_records(col text, v json) returns setof record",
        "yield { [col!]: v } as any",
    ),
    (
        "bound(col text, v json, reading text) returns text",
        """
            const sql = `select ${reading} as x from (select $1::everything as r) as s`;
            return ctx.db.sync.query<any>(sql, [{ [col!]: v }])[0].x
        """,
    ),
    (
        "written() returns trigger",
        "const { new: row } = ctx.trigger; row[row.what.col] = row.what.v",
    ),
    (
        "replaced() returns trigger",
        "const { what } = ctx.trigger.new; return { what, [what.col]: what.v }",
    ),
]
WAYS = {
    "result": "select {} from made(%(col)s, %(v)s) as r",
    "set": "select {} from made_set(%(col)s, %(v)s) as r",
    "table": "select {} from made_table(%(col)s, %(v)s)",
    "output": "select {} from made_out(%(col)s, %(v)s)",
    "called procedure": "select {} from called(%(col)s, %(v)s) as r",
    "record": "select {} from made_record(%(col)s, %(v)s) as r(COLUMNS)",
    "records": "select {} from made_records(%(col)s, %(v)s) as r(COLUMNS)",
    "parameter": "select bound(%(col)s, %(v)s, %(reading)s)",
    "written column": "insert into stored (what) values (%(what)s) returning {}",
    "replaced row": "insert into stored (what) values (%(what)s) returning {}",
    "row of a view": "insert into shown (what) values (%(what)s) returning {}",
}
TRIGGERS = {
    "written column": ("before insert on stored", "written"),
    "replaced row": ("before insert on stored", "replaced"),
    "row of a view": ("instead of insert on shown", "replaced"),
}


@pytest.fixture(scope="module")
def everything(
    cluster: RunningCluster, shared_database: str
) -> Iterator[tuple[Connection, dict[tuple[str, str], str]]]:
    """A session with every type and place, and what PL/pgSQL makes of each value."""
    with cluster.connect(shared_database) as connection:
        connection.execute("set timezone = 'UTC'")
        for statement in types_and_functions():
            connection.execute(statement.encode())
        for head, body in FUNCTIONS:
            define(connection, head, body)
        connection.execute(
            "create procedure made_inout(col text, v json, inout r everything) "
            "language plts as $$ return { [col!]: v } as any $$"
        )
        connection.execute(
            "create function called(col text, v json) returns everything "
            "language plpgsql as $$ declare r everything; "
            "begin call made_inout(col, v, r); return r; end $$"
        )
        yield connection, dict(assignments(connection))


def assignments(connection: Connection) -> Iterator[tuple[tuple[str, str], str]]:
    """What PL/pgSQL's assignment makes of each value, to a variable and an element."""
    for n, (sql_type, (_, values)) in enumerate(MODIFIED.items()):
        for value in values:
            one = outcome(connection, f"select assigned_{n}(%(v)s)", {"v": value})
            element = outcome(
                connection, f"select assigned_array_{n}(%(v)s)", {"v": value}
            )
            assert one == element
            yield (sql_type, value), one


def outcome(connection: Connection, statement: str, parameters: dict[str, str]) -> str:
    """Return the JSON text of what a statement returns, or its SQLSTATE."""
    cursor = psycopg.ClientCursor(connection)
    try:
        row = cursor.execute(statement.encode(), parameters).fetchone()
    except psycopg.Error as error:
        return error.sqlstate or str(error)
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("way", WAYS)
def test_modifier_holds_in_every_place(
    everything: tuple[Connection, dict[tuple[str, str], str]], way: str
) -> None:
    connection, assigned = everything
    differing = []

    with connection.transaction(force_rollback=True):
        if way in TRIGGERS:
            connection.execute(
                "create trigger made {} for each row execute function {}()".format(
                    *TRIGGERS[way]
                ).encode()
            )
        for column, (number, place) in COLUMNS.items():
            table = TRIGGERS[way][0].split()[-1] if way in TRIGGERS else "r"
            read = reading(column, table)
            statement = WAYS[way].format(read)
            statement = statement.replace("COLUMNS", declared(column))
            for value in MODIFIED[TYPES[number]][1]:
                v = PLACES[place][1].replace("V", json.dumps(value))
                parameters = {
                    "col": column,
                    "v": v,
                    "reading": read,
                    "what": json.dumps({"col": column, "v": json.loads(v)}),
                }
                with connection.transaction(force_rollback=True):
                    made = outcome(connection, statement, parameters)
                expected = assigned[TYPES[number], value]
                if made != expected:
                    differing.append((column, value, made, expected))

    assert differing == []


@pytest.mark.parametrize(
    ("sql_type", "expression", "expected"),
    [
        ("numbers", "[1.005, 2n, new Decimal('3.999')]", "{1.01,2.00,4.00}"),
        ("seconds", "[new Date(1750), new Date(400)]", None),
        ("clocks", "[['12:00:00.75'], ['01:00:00.2']]", "{{12:00:01},{01:00:00}}"),
    ],
)
def test_modifier_holds_for_what_is_no_text(
    shared: Connection, sql_type: str, expression: str, expected: str | None
) -> None:
    shared.execute("set timezone = 'UTC'")
    with shared.transaction(force_rollback=True):
        shared.execute("create domain numbers as numeric(5, 2)[]")
        shared.execute("create domain seconds as timestamptz(0)[]")
        shared.execute("create domain clocks as time(0)[]")
        define(
            shared,
            f"made_of_values() returns {sql_type}",
            "import { Decimal } from '@stopgap/runtime'; "
            f"export default () => ({expression}) as any",
        )
        made = fetch(shared, "select made_of_values()::text")

    assert made == (expected or '{"1970-01-01 00:00:02+00","1970-01-01 00:00:00+00"}')


def test_element_that_is_too_long_names_its_column(shared: Connection) -> None:
    with shared.transaction(force_rollback=True):
        shared.execute("create table tagged (id int, tags varchar(2)[])")
        define(shared, "tag() returns trigger", "ctx.trigger.new.tags.push('long')")
        shared.execute(
            "create trigger tag before insert on tagged "
            "for each row execute function tag()"
        )

        with refused("22001") as refusal, shared.transaction():
            shared.execute("insert into tagged values (1, '{a}')")

    assert 'column "tags"' in refusal.context
