"""Databases whose encoding is not UTF-8."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.cluster import RunningCluster
from tests.plts.support import Connection, define, fetch, refused

# Text that each encoding has, of one byte a character and of more.
TEXTS = {
    "latin1": "pâté, ÿ and ½",
    "euc_jp": "日本語とカナ, ascii",
    "sql_ascii": "žluťoučký 😀 𝄞",
}


@pytest.fixture(scope="module", params=TEXTS)
def encoding(request: pytest.FixtureRequest) -> str:
    """Return the name of the encoding, in the spelling of CREATE DATABASE."""
    return str(request.param)


@pytest.fixture(scope="module")
def encoded(cluster: RunningCluster, encoding: str) -> Iterator[Connection]:
    """Connect to a database of that encoding, as a client of UTF-8."""
    name = f"plts_in_{encoding}"
    with cluster.connect() as connection:
        connection.execute(
            f"create database {name} template template0 encoding '{encoding}'"
            " locale 'C'".encode()
        )
    with cluster.connect(name) as connection:
        connection.execute("set client_encoding = 'UTF8'")
        connection.execute("create extension plts")
        yield connection
    cluster.drop(name)


def test_text_survives(encoded: Connection, encoding: str) -> None:
    define(encoded, "same(x text) returns text", "return x")

    assert fetch(encoded, "select same(%s)", [TEXTS[encoding]]) == TEXTS[encoding]


def test_javascript_sees_characters_and_not_bytes(
    encoded: Connection, encoding: str
) -> None:
    define(encoded, "count_of(x text) returns int strict", "return [...x].length")

    assert fetch(encoded, "select count_of(%s)", [TEXTS[encoding]]) == len(
        TEXTS[encoding]
    )


@pytest.mark.parametrize("filling", ["", "x" * 600])
@pytest.mark.parametrize("sql_type", ["json", "jsonb"])
def test_documents_survive(
    encoded: Connection, encoding: str, sql_type: str, filling: str
) -> None:
    define(
        encoded,
        f"doc(d {sql_type}, key text) returns {sql_type}",
        "return { value: d[key!], [key! + '2']: [d, { ...d }] }",
    )
    text = TEXTS[encoding]

    found = fetch(
        encoded,
        "select doc(json_build_object(%s::text, %s::text, 'filling', %s::text)"
        f"::{sql_type}, %s::text)",
        [text, text, filling, text],
    )

    whole = {text: text, "filling": filling}
    assert found == {"value": text, f"{text}2": [whole, whole]}


def test_arrays_composites_and_names_survive(
    encoded: Connection, encoding: str
) -> None:
    text = TEXTS[encoding].split(",")[0].split(" ")[0]
    encoded.execute("drop table if exists named")
    encoded.execute(f'create table named ("{text}" text, list text[])'.encode())
    define(
        encoded,
        "renamed(r named) returns named strict",
        "const [key] = Object.keys(r);"
        "return { ...r, list: [r[key as 'list'], ...(r.list ?? [])] as any }",
    )

    found = fetch(
        encoded, "select (renamed(row(%s, array[%s])::named)).list", [text, text]
    )

    assert found == [text, text]


def test_parameters_and_columns_of_statements_survive(
    encoded: Connection, encoding: str
) -> None:
    text = TEXTS[encoding]
    define(
        encoded,
        "through_sql(x text) returns text strict",
        "return (await ctx.db.query<any>(`select $1::text || '${x}' as t`, [x]))[0].t",
    )

    assert fetch(encoded, "select through_sql(%s)", [text]) == text * 2


@pytest.mark.parametrize("sql_type", ["text", "varchar", "json", "jsonb", "text[]"])
def test_what_the_encoding_lacks_is_an_error(
    encoded: Connection, encoding: str, sql_type: str
) -> None:
    if encoding == "sql_ascii":
        pytest.skip("it holds every byte")
    value = "String.fromCodePoint(0x1F600)"
    expression = f"[{value}]" if sql_type == "text[]" else value
    define(encoded, f"lacking() returns {sql_type}", f"return {expression} as any")

    with refused("22P05") as refusal:
        fetch(encoded, "select lacking()")
    encoded.execute("drop function lacking()")

    assert "lacking" in refusal.context


def test_bytes_that_are_no_text_are_an_error(
    encoded: Connection, encoding: str
) -> None:
    if encoding != "sql_ascii":
        pytest.skip("other encodings refuse them before")
    define(encoded, "length_of(x text) returns int strict", "return x.length")

    with refused("22021") as refusal:
        fetch(encoded, "select length_of(E'\\xff\\xfe')")

    assert "length_of" in refusal.context


def test_property_that_is_no_column_is_named_in_any_encoding(
    cluster_in_latin1: Connection,
) -> None:
    connection = cluster_in_latin1
    connection.execute('create type measure as ("größe" int, x int)')
    connection.execute('create table item ("größe" int, x int)')
    define(connection, "measured(n int) returns measure", "return { größe: n, x: 1 }")
    define(connection, "wrong() returns measure", "return { grösse: 1 } as any")
    define(connection, "fill() returns trigger", "return { grösse: 1 }")
    connection.execute(
        "create trigger fill before insert on item for each row execute function fill()"
    )

    assert fetch(connection, "select measured(5)::text") == "(5,1)"
    for statement in ("select wrong()", "insert into item values (1)"):
        with refused("42703") as refusal:
            connection.execute(statement.encode())
        assert '"grösse"' in refusal.message
        assert refusal.hint == 'Did you mean "größe"?'
