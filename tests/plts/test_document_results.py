"""A large document, read where it lies, stands for every type that a plain one does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plts.support import Connection, define, fetch, refused

# 300 of each, so that every part is beyond what is converted whole.
DOCUMENT = """
(select jsonb_build_object(
  'ints', jsonb_agg(i),
  'texts', jsonb_agg('t' || i),
  'matrix', jsonb_agg(jsonb_build_array(i, -i)),
  'rows', jsonb_agg(jsonb_build_object('id', i, 'name', repeat('n', 600))),
  'row', jsonb_build_object('id', 7, 'name', repeat('n', 600))
) as d from generate_series(1, 300) i) as document
"""

RESULTS = [
    ("int[]", "d.ints", "cardinality(r) = 300 and r[300] = 300"),
    ("text[]", "d.texts", "cardinality(r) = 300 and r[300] = 't300'"),
    ("int[]", "d.matrix", "array_dims(r) = '[1:300][1:2]' and r[9][2] = -9"),
    ("jsonb[]", "d.rows", "cardinality(r) = 300 and r[2]->>'id' = '2'"),
    ("json[]", "d.rows", "cardinality(r) = 300 and r[2]->>'id' = '2'"),
    ("doc_row", "d.row", "(r).id = 7 and length((r).name) = 600"),
    ("doc_row[]", "d.rows", "(r[300]).id = 300 and length((r[300]).name) = 600"),
    ("doc_ids", "d.ints", "cardinality(r) = 300"),
    ("doc_pair", "({ ids: d.ints, doc: d.row })", "cardinality((r).ids) = 300"),
    ("json", "d.rows", "json_array_length(r) = 300"),
    ("json", "({ part: d.rows })", "json_array_length(r->'part') = 300"),
    ("jsonb", "structuredClone({ part: d.rows })", "r->'part' = d->'rows'"),
    ("jsonb", "structuredClone(d.rows[3])", "r = d->'rows'->3"),
]


@pytest.fixture
def types(shared: Connection) -> Connection:
    """The session with types that documents are to become."""
    if fetch(shared, "select to_regtype('doc_row') is null"):
        shared.execute("create type doc_row as (id int, name text)")
        shared.execute("create domain doc_ids as int[] check (cardinality(value) > 1)")
        shared.execute("create type doc_pair as (ids int[], doc jsonb)")
        shared.execute(
            "create table doc_table (id int, ids int[], name text, doc jsonb)"
        )
    return shared


@pytest.mark.parametrize(("returns", "body", "expected"), RESULTS)
def test_document_is_returned_as(
    types: Connection, returns: str, body: str, expected: str
) -> None:
    types.execute("drop function if exists converted(jsonb)")
    define(
        types, f"converted(d jsonb) returns {returns} strict", f"return {body} as any"
    )

    assert fetch(types, f"select {expected} from {DOCUMENT}, converted(d) as r")


@pytest.mark.parametrize(
    ("sql", "given", "expected"),
    [
        ("(select 300 from pg_class where 3 = any($1) limit 1)", "ints", 300),
        ("cardinality($1::text[])", "texts", 300),
        ("($1::int[])[9][2]", "matrix", -9),
        ("($1::doc_row).id", "row", 7),
        ("($1::doc_row[])[300].id", "rows", 300),
        ("json_array_length($1::json)", "rows", 300),
        ("jsonb_array_length($1::jsonb)", "rows", 300),
    ],
)
@pytest.mark.parametrize("call", ["query", "sync.query"])
def test_document_is_given_as_a_parameter(
    types: Connection, call: str, sql: str, given: str, expected: int
) -> None:
    define(
        types,
        "given(d jsonb) returns int strict",
        f"const rows = await ctx.db.{call}<any>('select {sql} as r', [d.{given}]);"
        "return rows[0].r",
    )

    assert fetch(types, f"select given(d) from {DOCUMENT}") == expected


def test_document_is_the_list_of_parameters(types: Connection) -> None:
    define(
        types,
        "listed(d jsonb) returns text strict",
        "return ctx.db.sync.query<any>('select $1::text || $2::text as r', d)[0].r",
    )

    value = fetch(types, "select listed(jsonb_build_array(repeat('a', 600), 'b'))")

    assert value == "a" * 600 + "b"


@pytest.mark.parametrize("part", ["rows", "row", "ints"])
@pytest.mark.parametrize("type_", ["json", "jsonb"])
def test_document_is_wrapped_by_json(types: Connection, part: str, type_: str) -> None:
    define(
        types,
        "wrapped(d jsonb) returns jsonb strict",
        'import { json } from "@stopgap/runtime";'
        "export default (ctx: Ctx<any>) => ctx.db.sync.query<any>("
        f"'select $1::{type_} as r', [json(ctx.args.d.{part})])[0].r;",
    )

    assert fetch(types, f"select wrapped(d) = d->'{part}' from {DOCUMENT}")


@pytest.mark.parametrize(
    "returns", ["setof doc_row", "table (id int, name text)", "setof record"]
)
@pytest.mark.parametrize("body", ["return d.rows", "for (const r of d.rows) yield r"])
def test_documents_are_the_rows_of_a_set(
    types: Connection, returns: str, body: str
) -> None:
    types.execute("drop function if exists rows_of(jsonb)")
    star = "*" if "yield" in body else ""
    define(
        types,
        f"rows_of(d jsonb) returns {returns} strict",
        f"export default function{star} (ctx: Ctx<any>)"
        f" {{ const {{ d }} = ctx.args; {body}; }}"
        if star
        else f"{body} as any",
    )
    columns = "(id int, name text)" if "record" in returns else ""

    row = types.execute(
        "select count(*), sum(id), min(length(name))"
        f" from {DOCUMENT}, rows_of(d) as r{columns}".encode()
    ).fetchone()

    assert row == (300, 45150, 600)


def test_document_is_a_set_of_values(types: Connection) -> None:
    define(types, "values_of(d jsonb) returns setof int strict", "return d.ints")

    assert fetch(types, f"select sum(r) from {DOCUMENT}, values_of(d) r") == 45150


def test_document_is_the_record_of_out_parameters(types: Connection) -> None:
    define(types, "outs(d jsonb, out id int, out name text)", "return d!.row")

    row = types.execute(
        f"select id, length(name) from {DOCUMENT}, outs(d)".encode()
    ).fetchone()

    assert row == (7, 600)


def test_document_is_the_result_of_a_procedure(types: Connection) -> None:
    types.execute(
        "create or replace procedure replace_doc(inout id int, inout name text,"
        " inout d jsonb) language plts as $$"
        " return { ...d!.row, d: d!.rows } as any $$"
    )

    document = fetch(types, f"select d::text from {DOCUMENT}")
    row: Any = types.execute(
        b"call replace_doc(0, '', %s::jsonb)", [document]
    ).fetchone()

    assert (row[0], len(row[1]), len(row[2])) == (7, 600, 300)


def test_document_alone_is_the_result_of_a_procedure(types: Connection) -> None:
    types.execute(
        "create or replace procedure shrink_doc(inout d jsonb) language plts as"
        " $$ return d!.row $$"
    )

    document = fetch(types, f"select d::text from {DOCUMENT}")
    row = types.execute(b"call shrink_doc(%s::jsonb)", [document]).fetchone()

    assert row == ({"id": 7, "name": "n" * 600},)


TRIGGERS = {
    "returned": "return (ctx.trigger.new as any).doc.whole",
    "assigned": "ctx.trigger.new = (ctx.trigger.new as any).doc.whole",
    "column": "const row: any = ctx.trigger.new; const { whole } = row.doc;"
    " row.ids = whole.ids; row.name = whole.name; row.id = whole.id;"
    " row.doc = whole.doc",
}


@pytest.mark.parametrize("body", TRIGGERS.values(), ids=TRIGGERS.keys())
def test_document_replaces_the_row_of_a_trigger(types: Connection, body: str) -> None:
    define(types, "replace_row() returns trigger", body)
    types.execute("truncate doc_table")
    types.execute(
        "create or replace trigger replace_row before insert on doc_table"
        " for each row execute function replace_row()"
    )

    types.execute(
        "insert into doc_table (doc) select jsonb_build_object('whole',"
        " jsonb_build_object('id', 7, 'ids', d->'ints', 'name', repeat('n', 600),"
        f" 'doc', d->'row')) from {DOCUMENT}".encode()
    )

    assert types.execute(
        "select id, cardinality(ids), length(name), doc->>'id' from doc_table"
    ).fetchone() == (7, 300, 600, "7")


@pytest.mark.parametrize(
    ("body", "sqlstate", "message"),
    [
        (
            "return (ctx.trigger.new as any).doc.list",
            "39P01",
            "a trigger cannot return an array",
        ),
        (
            "ctx.trigger.new = (ctx.trigger.new as any).doc.list",
            "42804",
            "ctx.trigger.new was set to no object",
        ),
    ],
)
def test_document_that_is_an_array_is_no_row(
    types: Connection, body: str, sqlstate: str, message: str
) -> None:
    define(types, "replace_row() returns trigger", body)
    types.execute(
        "create or replace trigger replace_row before insert on doc_table"
        " for each row execute function replace_row()"
    )

    with refused(sqlstate) as refusal:
        types.execute(
            "insert into doc_table (doc) select jsonb_build_object('list',"
            f" d->'ints') from {DOCUMENT}".encode()
        )

    assert refusal.message == message


@pytest.mark.parametrize(
    ("returns", "body"),
    [
        ("int", "d.ints"),
        ("bool", "d.row"),
        ("date", "d.row"),
        ("bytea", "d.ints"),
        ("text", "d.rows"),
        ("int[]", "d.row"),
        ("doc_row", "d.ints"),
    ],
)
def test_document_of_the_wrong_kind_is_named(
    types: Connection, returns: str, body: str
) -> None:
    types.execute("drop function if exists wrong(jsonb)")
    define(types, f"wrong(d jsonb) returns {returns} strict", f"return {body} as any")

    with refused("42804") as refusal:
        types.execute(f"select wrong(d) from {DOCUMENT}".encode())

    kind = "object" if body == "d.row" else "array"
    assert refusal.message.startswith(f"JavaScript {kind} cannot become SQL type")


def test_document_is_the_value_of_a_window_function(types: Connection) -> None:
    define(
        types,
        "ids_of(d jsonb) returns int[] window",
        "return (ctx as any).window.arg(0).ints",
    )

    row = types.execute(
        f"select cardinality(ids_of(d) over ()) from {DOCUMENT}".encode()
    ).fetchone()

    assert row == (300,)
