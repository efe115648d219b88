"""Triggers: what they see, what they change, and what they may not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.plts.support import Connection, OpenSession, define, fetch, refused


def trigger(
    connection: Connection,
    table: str,
    event: str,
    body: str,
    *,
    name: str = "t",
    arguments: str = "",
) -> None:
    """Make a trigger on `table`: `event` is its text from BEFORE to FOR EACH."""
    function = f"{table}_{name}".replace(".", "_")
    define(connection, f"{function}() returns trigger", body)
    connection.execute(f"drop trigger if exists {name} on {table}".encode())
    when, _, level = event.partition(" each ")
    target = f"{when} on {table} for each {level}"
    call = f"{function}({arguments})"
    connection.execute(
        f"create trigger {name} {target} execute function {call}".encode()
    )


def make(connection: Connection, table: str, columns: str) -> None:
    """Make a table anew."""
    connection.execute(f"drop table if exists {table} cascade".encode())
    connection.execute(f"create table {table} ({columns})".encode())


def rows(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows; tests give tables other columns."""
    return connection.execute(statement.encode(), prepare=False).fetchall()


# What ctx.trigger says


TELLS = """
  const { name, when, level, operation, table, schema, relid, args, old } = ctx.trigger;
  await ctx.db.query("insert into told values ($1)", [JSON.stringify(
    { name, when, level, operation, table, schema, args,
      old, new: ctx.trigger.new, same: relid === await oid() })]);
  async function oid() {
    const rows = await ctx.db.query<{ oid: number }>("select 'watched'::regclass::oid");
    return rows[0]!.oid;
  }
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("level", ["row", "statement"])
@pytest.mark.parametrize(
    ("operation", "statement"),
    [
        ("insert", "insert into watched values (2, 'b')"),
        ("update", "update watched set name = 'c'"),
        ("delete", "delete from watched"),
        ("truncate", "truncate watched"),
    ],
)
def test_ctx_trigger_says_what_fired_it(
    shared: Connection, when: str, level: str, operation: str, statement: str
) -> None:
    if operation == "truncate" and level == "row":
        pytest.skip("PostgreSQL has no such trigger")
    make(shared, "watched", "id int, name text")
    make(shared, "told", "what jsonb")
    shared.execute("insert into watched values (1, 'a')")
    trigger(
        shared,
        "watched",
        f"{when} {operation} each {level}",
        TELLS,
        arguments="'one', 2, 'it''s'",
    )

    shared.execute(statement.encode())

    was = {"id": 1, "name": "a"} if operation in ("update", "delete") else None
    becomes = {
        "insert": {"id": 2, "name": "b"},
        "update": {"id": 1, "name": "c"},
    }.get(operation)
    assert rows(shared, "select what from told") == [
        (
            {
                "name": "t",
                "when": when.upper(),
                "level": level.upper(),
                "operation": operation.upper(),
                "table": "watched",
                "schema": "public",
                "args": ["one", "2", "it's"],
                "old": was if level == "row" else None,
                "new": becomes if level == "row" else None,
                "same": True,
            },
        )
    ]


def test_a_renamed_trigger_table_and_schema_are_seen_at_once(
    shared: Connection,
) -> None:
    shared.execute("drop schema if exists moved cascade; create schema moved")
    shared.execute("drop schema if exists moved_on cascade")
    make(shared, "moved.first", "who text")
    trigger(
        shared,
        "moved.first",
        "before insert each row",
        "const { name, schema, table } = ctx.trigger;"
        "ctx.trigger.new.who = `${schema}.${table}.${name}`",
    )
    insert = "insert into {} default values returning who"

    seen = [fetch(shared, insert.format("moved.first"))]
    shared.execute("alter trigger t on moved.first rename to u")
    seen.append(fetch(shared, insert.format("moved.first")))
    shared.execute("alter table moved.first rename to second")
    seen.append(fetch(shared, insert.format("moved.second")))
    shared.execute("alter schema moved rename to moved_on")
    seen.append(fetch(shared, insert.format("moved_on.second")))

    assert seen == [
        "moved.first.t",
        "moved.first.u",
        "moved.second.u",
        "moved_on.second.u",
    ]


def test_other_functions_have_no_ctx_trigger(shared: Connection) -> None:
    define(
        shared,
        "untriggered() returns text",
        "return `${'trigger' in ctx} ${'event' in ctx} ${'window' in ctx}`",
    )

    assert fetch(shared, "select untriggered()") == "false false false"


# Changing, replacing and skipping the row


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        ("", (1, "a", None)),
        ("return", (1, "a", None)),
        ("ctx.trigger.new.name = 'b'", (1, "b", None)),
        ("ctx.trigger.new.name = null", (1, None, None)),
        ("ctx.trigger.new.name = undefined", (1, None, None)),
        ("ctx.trigger.new.extra = ctx.trigger.new.id + 1", (1, "a", 2)),
        ("ctx.trigger.new.name += '!'; return undefined", (1, "a!", None)),
        ("ctx.trigger.new.name = 'b'; return ctx.trigger.new", (1, "b", None)),
        ("return { ...ctx.trigger.new, name: 'b' }", (1, "b", None)),
        ("return { id: 5 }", (5, None, None)),
        ("return {}", (None, None, None)),
        ("ctx.trigger.new = { id: 7, name: 'c' }", (7, "c", None)),
        ("ctx.trigger.new = { id: 7 }; return { id: 8 }", (8, None, None)),
        ("ctx.trigger.new = { id: 7 }; ctx.trigger.new.name = 'd'", (7, "d", None)),
        ("Object.assign(ctx.trigger.new, { name: 'b', extra: 3 })", (1, "b", 3)),
        ("await null; ctx.trigger.new.name = 'late'", (1, "late", None)),
        (
            "const rows = await ctx.db.query<{ n: number }>('select 40 + 2 as n');"
            "ctx.trigger.new.extra = rows[0]!.n",
            (1, "a", 42),
        ),
        ("return Promise.resolve({ id: 9 })", (9, None, None)),
        (
            "export default (ctx: TriggerCtx) => { ctx.trigger.new.id = 6 }",
            (6, "a", None),
        ),
        (
            "import { mutation } from '@stopgap/runtime';"
            "export default mutation((_args, ctx) => { ctx.trigger!.new.id = 6 })",
            (6, "a", None),
        ),
        (
            "type Row = { id: number; name: string };"
            "export default async (ctx: TriggerCtx<Row>) => "
            "({ ...ctx.trigger.new, name: ctx.trigger.new.name.toUpperCase() })",
            (1, "A", None),
        ),
    ],
)
def test_before_insert(
    shared: Connection, body: str, stored: tuple[object, ...]
) -> None:
    make(shared, "item", "id int, name text, extra int")
    trigger(shared, "item", "before insert each row", body)

    shared.execute("insert into item values (1, 'a')")

    assert rows(shared, "select * from item") == [stored]


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        ("", (1, "new")),
        ("ctx.trigger.new.name = ctx.trigger.old.name + '+'", (1, "old+")),
        ("return ctx.trigger.old", (1, "old")),
        ("ctx.trigger.old.name = 'changed'", (1, "new")),
        ("ctx.trigger.old.name = 'changed'; return ctx.trigger.old", (1, "changed")),
        ("ctx.trigger.new = ctx.trigger.old", (1, "old")),
        ("return { ...ctx.trigger.old, id: 2 }", (2, "old")),
        ("return null", (1, "old")),
    ],
)
def test_before_update(
    shared: Connection, body: str, stored: tuple[object, ...]
) -> None:
    make(shared, "item", "id int, name text")
    shared.execute("insert into item values (1, 'old')")
    trigger(shared, "item", "before update each row", body)

    shared.execute("update item set name = 'new'")

    assert rows(shared, "select * from item") == [stored]


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("", 0),
        ("return ctx.trigger.old", 0),
        ("ctx.trigger.old.id = 5", 0),
        ("return { anything: 1 }", 0),
        ("return null", 1),
        ("return ctx.trigger.new", 1),
    ],
)
def test_before_delete(shared: Connection, body: str, left: int) -> None:
    make(shared, "item", "id int")
    shared.execute("insert into item values (1)")
    trigger(shared, "item", "before delete each row", body)

    shared.execute("delete from item")

    assert fetch(shared, "select count(*) from item") == left


def test_null_skips_the_row_and_the_count_says_so(shared: Connection) -> None:
    make(shared, "item", "id int")
    trigger(
        shared,
        "item",
        "before insert each row",
        "return ctx.trigger.new.id % 2 === 0 ? null : undefined",
    )

    done = shared.execute("insert into item select generate_series(1, 9)")

    assert done.rowcount == 5


@pytest.mark.parametrize("level", ["row", "statement"])
def test_the_result_of_after_triggers_is_ignored(
    shared: Connection, level: str
) -> None:
    make(shared, "item", "id int")
    trigger(shared, "item", f"after insert each {level}", "return null")

    shared.execute("insert into item values (1)")

    assert fetch(shared, "select count(*) from item") == 1


def test_before_triggers_run_after_one_another(shared: Connection) -> None:
    make(shared, "item", "path text")
    for name in ("b", "a", "c"):
        trigger(
            shared,
            "item",
            "before insert or update each row",
            f"ctx.trigger.new.path += '{name}'",
            name=name,
        )

    shared.execute("insert into item values ('.')")
    shared.execute("update item set path = '-'")

    assert rows(shared, "select path from item") == [("-abc",)]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("return 1 as any", "a plain value"),
        ("return 'x' as any", "a plain value"),
        ("return false as any", "a plain value"),
        ("return [1]", "an array"),
        ("return () => ({})", "a function"),
        ("return (function* () {})() as any", "a generator"),
    ],
)
def test_what_is_no_row_is_refused(shared: Connection, body: str, what: str) -> None:
    make(shared, "item", "id int")
    trigger(shared, "item", "before insert each row", body)

    with refused("39P01") as refusal:
        shared.execute("insert into item values (1)")

    assert refusal.message == f"a trigger cannot return {what}"
    assert 'PL/TS function "public.item_t"' in refusal.context


# Instead of


VIEW = """
  const { operation } = ctx.trigger;
  const row = ctx.trigger.new ?? ctx.trigger.old;
  if (operation === "INSERT") {
    await ctx.db.exec("insert into base values ($1, $2)", [row.id, row.name]);
    row.name = "seen: " + row.name;
  } else if (operation === "UPDATE") {
    await ctx.db.exec("update base set name = $2 where id = $1", [row.id, row.name]);
  } else {
    await ctx.db.exec("delete from base where id = $1", [row.id]);
  }
"""


def make_view(shared: Connection, body: str) -> None:
    """Make a view over a table, which its trigger writes."""
    make(shared, "base", "id int, name text")
    shared.execute("create view shown as select * from base")
    trigger(shared, "shown", "instead of insert or update or delete each row", body)


def test_instead_of_triggers_write_for_a_view(shared: Connection) -> None:
    make_view(shared, VIEW)

    inserted = rows(shared, "insert into shown values (1, 'a') returning *")
    shared.execute("update shown set name = 'b'")
    after_update = rows(shared, "select * from base")
    deleted = shared.execute("delete from shown").rowcount

    assert inserted == [(1, "seen: a")]
    assert after_update == [(1, "b")]
    assert (deleted, fetch(shared, "select count(*) from base")) == (1, 0)


def test_instead_of_triggers_skip_rows(shared: Connection) -> None:
    make_view(shared, "return null")

    assert rows(shared, "insert into shown values (1, 'a') returning *") == []


# Values


@pytest.mark.parametrize(
    ("sql_type", "value"),
    [
        ("int[]", "'[5:6]={1,2}'"),
        ("int[]", "'{{1,2},{3,4}}'"),
        ("json", '\'{"b":1,   "a":[1.10, 2]}\''),
        ("json", "'   1.50'"),
        ("json", "'null'"),
        ("jsonb", "'null'"),
        ("jsonb", "'{\"n\": 1.000000000000000000001}'"),
        ("float4", "'0.1'"),
        ("numeric", "'1.50'"),
        ("text", "'x'"),
        ("bytea", "'\\x00ff'"),
        ("timestamptz", "'infinity'"),
        ("interval", "'1 mon 30 days'"),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        "ctx.trigger.new.id = 2",
        "void ctx.trigger.new.value; ctx.trigger.new.id = 2",
        "const now = ctx.trigger.new; void Object.entries(now.value ?? {}); now.id = 2",
        "ctx.trigger.new.value = ctx.trigger.new.value; ctx.trigger.new.id = 2",
        "return { ...ctx.trigger.new, id: 2 }",
        "return new Proxy({ ...ctx.trigger.new, id: 2 }, {})",
        "ctx.trigger.new = { ...ctx.trigger.new, id: 2 }",
    ],
)
def test_columns_that_were_not_changed_keep_their_bytes(
    shared: Connection, sql_type: str, value: str, body: str
) -> None:
    make(shared, "item", f"id int, value {sql_type}")
    make(shared, "plain", f"id int, value {sql_type}")
    trigger(shared, "item", "before insert each row", body)

    for table in ("item", "plain"):
        shared.execute(f"insert into {table} values (2, {value})".encode())

    assert fetch(
        shared, "select i.*::text = p.*::text from item as i cross join plain as p"
    )
    assert fetch(shared, "select pg_column_size(i.*) from item as i") == fetch(
        shared, "select pg_column_size(p.*) from plain as p"
    )


@pytest.mark.parametrize(
    ("sql_type", "value", "change", "stored"),
    [
        ("text[]", "'{a}'", "push('b')", "{a,b}"),
        ("jsonb", "'{\"a\": 1}'", "a = 2", '{"a": 2}'),
        ("json", "'{\"a\":  1}'", "a = 2", '{"a":2}'),
        ("bytea", "'\\x0001'", "fill(7)", "\\x0707"),
    ],
)
def test_an_object_changed_in_place_is_stored(
    shared: Connection, sql_type: str, value: str, change: str, stored: str
) -> None:
    make(shared, "item", f"value {sql_type}")
    trigger(shared, "item", "before insert each row", f"ctx.trigger.new.value.{change}")

    shared.execute(f"insert into item values ({value})".encode())

    assert fetch(shared, "select value::text from item") == stored


def test_dropped_columns_stay_dropped(shared: Connection) -> None:
    make(shared, "item", "a int, gone text, b int, gone_too int, c text")
    trigger(
        shared,
        "item",
        "before insert each row",
        "const now = ctx.trigger.new; now.c = Object.keys(now).join(); now.b *= 2",
    )
    shared.execute("insert into item (a, b) values (1, 2)")
    shared.execute("alter table item drop gone, drop gone_too, add d int default 5")

    shared.execute("insert into item (a, b) values (1, 3)")

    assert rows(shared, "select * from item") == [
        (1, 4, "a,gone,b,gone_too,c", 5),
        (1, 6, "a,b,c,d", 5),
    ]


def test_columns_added_since_a_row_was_written_are_seen(shared: Connection) -> None:
    make(shared, "item", "a int, seen text")
    shared.execute("insert into item values (1)")
    shared.execute("alter table item add b int default 7")
    trigger(
        shared,
        "item",
        "before update each row",
        "ctx.trigger.new.seen = `${ctx.trigger.old.b} ${ctx.trigger.new.b}`",
    )

    shared.execute("update item set a = 2")

    assert rows(shared, "select * from item") == [(2, "7 7", 7)]


def test_a_column_that_changes_its_type_is_converted_anew(shared: Connection) -> None:
    make(shared, "item", "a int, seen text")
    trigger(
        shared,
        "item",
        "before insert each row",
        "ctx.trigger.new.seen = typeof ctx.trigger.new.a",
    )
    shared.execute("insert into item values (1)")
    shared.execute("alter table item alter a type bigint")

    shared.execute("insert into item values (2)")

    assert rows(shared, "select seen from item") == [("number",), ("bigint",)]


def test_generated_columns_have_no_new_value_before(shared: Connection) -> None:
    make(
        shared,
        "item",
        "a int, twice int generated always as (a * 2) stored, seen text",
    )
    trigger(
        shared,
        "item",
        "before insert or update each row",
        "const { new: now, old } = ctx.trigger;"
        "now.seen = `${old?.twice} ${now.twice}`; now.a += 1; now.twice = null",
    )

    shared.execute("insert into item (a) values (1)")
    first = rows(shared, "select * from item")
    shared.execute("update item set a = 10")

    assert first == [(2, 4, "undefined null")]
    assert rows(shared, "select * from item") == [(11, 22, "4 null")]


def test_generated_columns_are_there_after(shared: Connection) -> None:
    make(shared, "item", "a int, twice int generated always as (a * 2) stored")
    make(shared, "told", "what int")
    trigger(
        shared,
        "item",
        "after insert each row",
        "await ctx.db.exec('insert into told values ($1)', [ctx.trigger.new.twice])",
    )

    shared.execute("insert into item values (4)")

    assert rows(shared, "select what from told") == [(8,)]


def test_partitions_with_other_column_orders(shared: Connection) -> None:
    shared.execute("drop table if exists parted cascade")
    shared.execute("create table parted (k int, a text, b int) partition by list (k)")
    shared.execute("create table parted_1 partition of parted for values in (1)")
    shared.execute("create table parted_2 (b int, junk int, k int, a text)")
    shared.execute("alter table parted_2 drop junk")
    shared.execute("alter table parted attach partition parted_2 for values in (2)")
    trigger(
        shared,
        "parted",
        "before insert or update each row",
        "ctx.trigger.new.a += ctx.trigger.table; ctx.trigger.new.b += 1",
    )

    shared.execute("insert into parted values (1, 'x', 1), (2, 'y', 2), (1, 'z', 3)")
    shared.execute("update parted set a = '' where b = 4")

    assert rows(shared, "select k, a, b from parted order by b") == [
        (1, "xparted_1", 2),
        (2, "yparted_2", 3),
        (1, "parted_1", 5),
    ]


def test_a_row_may_not_leave_its_partition(shared: Connection) -> None:
    shared.execute("drop table if exists parted cascade")
    shared.execute("create table parted (k int) partition by list (k)")
    shared.execute("create table parted_1 partition of parted for values in (1)")
    shared.execute("create table parted_2 partition of parted for values in (2)")
    trigger(shared, "parted", "before insert each row", "ctx.trigger.new.k = 2")

    with refused("0A000"):
        shared.execute("insert into parted values (1)")


@pytest.mark.parametrize(
    ("column", "assignment", "sqlstate"),
    [
        ("v positive", "-1", "23514"),
        ("v positive not null", "null", "23502"),
        ("v int not null", "null", "23502"),
        ("v int check (v > 0)", "-1", "23514"),
        ("v varchar(3)", "'long'", "22001"),
        ("v char(3)", "'long'", "22001"),
        ("v numeric(3, 1)", "'1234.5'", "22003"),
        ("v int", "'x'", "42804"),
        ("v int", "1.5", "22003"),
        ("v smallint", "70000", "22003"),
        ("v text", "({})", "42804"),
        ("v date", "'never'", "22007"),
        ("v bytea", "[1, 'x']", "42804"),
    ],
)
def test_what_does_not_fit_a_column_is_refused(
    shared: Connection, column: str, assignment: str, sqlstate: str
) -> None:
    shared.execute("drop domain if exists positive cascade")
    shared.execute("create domain positive as int check (value > 0)")
    make(shared, "item", f"id int, {column}")
    trigger(
        shared, "item", "before insert each row", f"ctx.trigger.new.v = {assignment}"
    )

    with refused(sqlstate):
        shared.execute("insert into item values (1, '1')")


def test_an_error_of_a_column_names_column_table_and_function(
    shared: Connection,
) -> None:
    make(shared, "item", "id int")
    trigger(shared, "item", "before insert each row", "ctx.trigger.new.id = 'x'")

    with refused("42804") as refusal:
        shared.execute("insert into item values (1)")

    assert refusal.message == 'JavaScript string "x" cannot become SQL type integer'
    assert 'column "id" of SQL type integer of table "item"' in refusal.context
    assert 'PL/TS function "public.item_t"' in refusal.context


def test_char_and_numeric_columns_take_their_modifiers(shared: Connection) -> None:
    make(shared, "item", "c char(4), n numeric(5, 2), t timestamptz(0), b bit(3)")
    trigger(
        shared,
        "item",
        "before insert each row",
        "Object.assign(ctx.trigger.new, "
        "{ c: 'a', n: '1.239', t: new Date(1577836801500), b: '101' })",
    )

    shared.execute("insert into item default values")

    assert rows(
        shared,
        "select c || '|', n::text, extract(epoch from t)::int, b::text from item",
    ) == [("a|", "1.24", 1577836802, "101")]


@pytest.mark.parametrize("columns", [255, 1000, 1600])
def test_tables_of_many_columns(shared: Connection, columns: int) -> None:
    make(shared, "wide", ", ".join(f"c{n} int" for n in range(columns)))
    trigger(
        shared,
        "wide",
        "before insert each row",
        f"ctx.trigger.new.c1 = Object.keys(ctx.trigger.new).length;"
        f"ctx.trigger.new.c{columns - 1} = ctx.trigger.new.c0 + 1",
    )

    for _ in range(3):
        shared.execute("insert into wide (c0) values (5)")

    assert (
        rows(shared, f"select c0, c1, c2, c{columns - 1} from wide")
        == [(5, columns, None, 6)] * 3
    )


@pytest.mark.parametrize(
    "name",
    [
        "0",
        "17",
        "__proto__",
        "constructor",
        "toString",
        "toJSON",
        "then",
        "with space",
        'quo"te',
        "ž日本",
        "class",
        "",
    ],
)
def test_columns_of_any_name(shared: Connection, name: str) -> None:
    if not name:
        name = "x" * 63
    quoted = '"' + name.replace('"', '""') + '"'
    make(shared, "item", f"id int, {quoted} int, rest text")
    key = json.dumps(name)
    trigger(
        shared,
        "item",
        "before insert each row",
        f"const now = ctx.trigger.new; now[{key}] = now[{key}] + 1;"
        f"now.rest = String(Object.keys(now).includes({key}));"
        "return { ...now }",
    )

    shared.execute("insert into item values (1, 41)")

    assert rows(shared, "select * from item") == [(1, 42, "true")]


def test_a_table_without_columns(shared: Connection) -> None:
    make(shared, "nothing", "")
    trigger(
        shared,
        "nothing",
        "before insert each row",
        "if (Object.keys(ctx.trigger.new).length > 0) throw new Error('columns')",
    )

    shared.execute("insert into nothing default values")

    assert fetch(shared, "select count(*) from nothing") == 1


def test_large_values_are_read_only_where_they_are_asked_for(
    shared: Connection,
) -> None:
    make(shared, "item", "id int, doc jsonb")
    trigger(shared, "item", "before update each row", "ctx.trigger.new.id += 1")
    shared.execute(
        "insert into item select 1, jsonb_build_object('n', 1e400::numeric + 0.5)"
    )

    # A number that no JavaScript number can be: reading it would be an error.
    shared.execute("update item set id = 2")

    assert fetch(shared, "select id from item") == 3


def test_an_error_of_reading_a_column_cannot_be_caught(shared: Connection) -> None:
    make(shared, "item", "id int, doc jsonb")
    trigger(
        shared,
        "item",
        "before insert each row",
        "try { void ctx.trigger.new.doc } catch { ctx.trigger.new.id = 7 }",
    )

    with refused("22003"):
        shared.execute(
            "insert into item select 1, jsonb_build_object('n', 1e400::numeric + 0.5)"
        )

    assert fetch(shared, "select 1") == 1


# Hostile rows


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "ctx.trigger.new.typo = 1",
            "Cannot add property typo, object is not extensible",
        ),
        ("ctx.trigger.new[5] = 1", "Cannot add property 5, object is not extensible"),
        ("delete ctx.trigger.new.id", "Cannot delete property 'id' of"),
        (
            "Object.defineProperty(ctx.trigger.new, 'id', { get: () => 5 })",
            "Cannot redefine property: id",
        ),
        (
            "Object.setPrototypeOf(ctx.trigger.new, null)",
            "is not extensible",
        ),
        (
            "(ctx.trigger as any).old = {}",
            "Cannot set property old of",
        ),
        (
            "return { get id() { throw new Error('mine') } }",
            "mine",
        ),
        (
            "return new Proxy({}, { ownKeys() { throw new Error('mine') } })",
            "mine",
        ),
        (
            "return new Proxy({}, { get() { throw new Error('mine') } })",
            "mine",
        ),
        ("ctx.trigger.new.doc = { toJSON() { throw new Error('mine') } }", "mine"),
    ],
)
def test_hostile_rows_are_errors_of_javascript(
    shared: Connection, body: str, message: str
) -> None:
    make(shared, "item", "id int, doc jsonb")
    trigger(shared, "item", "before insert each row", body)

    with refused("38000") as refusal:
        shared.execute("insert into item values (1)")

    assert message in refusal.message


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        ("return new Proxy({ id: 4 }, {})", 4),
        ("return { get id() { return 4 } }", 4),
        ("return Object.create({ id: 4 })", 4),
        ("return Object.create(ctx.trigger.new, { id: { value: 4 } })", 4),
        ("class Row { id = 4 } return new Row()", 4),
        ("ctx.trigger.new = new Proxy(ctx.trigger.new, { get: () => 4 })", 4),
        ("Object.defineProperty(ctx.trigger.new, 'id', { value: 4 })", 4),
        ("Reflect.set(ctx.trigger.new, 'id', 4)", 4),
        ("Object.freeze(ctx.trigger.new)", 1),
        (
            "class A { constructor(o: object) { return o } }"
            "class B extends A { id = 4 }"
            "try { new B(ctx.trigger.new) } catch { ctx.trigger.new.id = 4 }",
            4,
        ),
        # What a row becomes does not change what it is converted from meanwhile.
        (
            "const now = ctx.trigger.new;"
            "now.doc = { toJSON() { now.id = 3; now.doc = 5; return {} } };"
            "now.id = 4",
            4,
        ),
    ],
)
def test_odd_objects_are_rows(shared: Connection, body: str, stored: int) -> None:
    make(shared, "item", "id int, doc jsonb")
    trigger(shared, "item", "before insert each row", body)

    shared.execute("insert into item values (1)")

    assert fetch(shared, "select id from item") == stored


def test_an_object_that_refers_to_itself_is_refused(shared: Connection) -> None:
    make(shared, "item", "id int, doc jsonb")
    trigger(
        shared,
        "item",
        "before insert each row",
        "const cycle: any = {}; cycle.doc = cycle; ctx.trigger.new.doc = cycle",
    )

    with refused("54001"):
        shared.execute("insert into item values (1)")


def test_a_property_that_is_no_column_is_refused(shared: Connection) -> None:
    make(shared, "item", "id int")
    trigger(
        shared, "item", "before insert each row", "return { ...ctx.trigger.new, ie: 1 }"
    )

    with refused("42703") as refusal:
        shared.execute("insert into item values (1)")

    assert refusal.message == (
        'a JavaScript object has a property "ie", but table "item" has no such column'
    )
    assert refusal.hint == 'Did you mean "id"?'


def test_a_property_that_is_no_column_cannot_be_assigned(shared: Connection) -> None:
    make(shared, "item", 'id int, "userId" int')
    trigger(shared, "item", "before insert each row", "ctx.trigger.new.userid = 5")

    with refused("38000") as refusal:
        shared.execute("insert into item values (1)")

    assert "userid" in refusal.message
    assert refusal.hint == 'Did you mean column "userId" of table "item"?'


@pytest.mark.parametrize(
    "body",
    [
        "ctx.trigger.new.twice = 99",
        "return { ...ctx.trigger.new, twice: 99 }",
        "ctx.trigger.new = { a: 5, twice: 99 }",
    ],
)
@pytest.mark.parametrize(
    "statement", ["insert into item values (1)", "update item set a = 2"]
)
def test_a_generated_column_cannot_be_set(
    shared: Connection, body: str, statement: str
) -> None:
    make(shared, "item", "a int, twice int generated always as (a * 2) stored")
    shared.execute("insert into item values (1)")
    trigger(shared, "item", "before insert or update each row", body)

    with refused("428C9") as refusal:
        shared.execute(statement.encode())

    assert 'column "twice"' in refusal.context


@pytest.mark.parametrize("sql_type", ["int[]", "jsonb", "text"])
def test_what_a_generated_column_was_may_be_passed_on(
    shared: Connection, sql_type: str
) -> None:
    generated = {
        "int[]": "array[a, a]",
        "jsonb": "('[' || a::text || ']')::jsonb",
        "text": "chr(a)",
    }[sql_type]
    make(
        shared,
        "item",
        f"a int, made {sql_type} generated always as ({generated}) stored",
    )
    shared.execute("insert into item values (65)")
    old = "const { old } = ctx.trigger;"
    trigger(
        shared, "item", "before update each row", f"{old} return {{ ...old, a: 66 }}"
    )

    shared.execute("update item set a = 67")
    text = fetch(shared, "select made::text from item")
    trigger(
        shared,
        "item",
        "before update each row",
        f"{old} return {{ ...old, made: old.made.concat(old.made) }}"
        if sql_type != "jsonb"
        else f"{old} return {{ ...old, made: [...old.made, 1] }}",
    )

    assert text == {"int[]": "{66,66}", "jsonb": "[66]", "text": "B"}[sql_type]
    with refused("428C9"):
        shared.execute("update item set a = 67")


@pytest.mark.parametrize(
    "value", ["new Map([['id', 1]])", "new Date()", "new (class { #id = 1 })()"]
)
def test_an_object_without_columns_is_no_row(shared: Connection, value: str) -> None:
    make(shared, "item", "id int")
    trigger(shared, "item", "before insert each row", f"return ({value}) as any")

    with refused("42804"):
        shared.execute("insert into item values (1)")


@pytest.mark.parametrize("value", ["null", "1", "[]", "() => 1"])
def test_only_an_object_can_be_assigned_to_new(shared: Connection, value: str) -> None:
    make(shared, "item", "id int")
    trigger(
        shared, "item", "before insert each row", f"(ctx.trigger as any).new = {value}"
    )

    with refused("42804"):
        shared.execute("insert into item values (1)")


@pytest.mark.parametrize(
    "access",
    [
        "kept.trigger.new.id",
        "kept.trigger.old",
        "kept.row.id",
        "kept.row.id = 5",
        "kept.trigger.new = {}",
        "Object.values(kept.row)",
    ],
)
def test_a_row_works_during_its_own_call_only(shared: Connection, access: str) -> None:
    make(shared, "item", "id int, name text")
    trigger(
        shared,
        "item",
        "before insert each row",
        "let kept: any;"
        "export default (ctx: TriggerCtx) => {"
        f"  if (kept !== undefined) {{ {access} }}"
        "  kept = { trigger: ctx.trigger, row: ctx.trigger.new };"
        "}",
    )
    shared.execute("insert into item values (1, 'a')")

    with refused("55000") as refusal:
        shared.execute("insert into item values (2, 'b')")

    assert refusal.message == "ctx is used outside of its own call"


def test_a_row_has_the_prototype_of_plain_objects(shared: Connection) -> None:
    make(shared, "item", "proto bool, constructs bool")
    trigger(
        shared,
        "item",
        "before insert each row",
        "const now = ctx.trigger.new;"
        "now.proto = Object.getPrototypeOf(now) === Object.prototype;"
        "now.constructs = now.constructor === Object",
    )

    shared.execute("insert into item default values")

    assert rows(shared, "select * from item") == [(True, True)]


def test_rows_are_parameters_clones_and_text(shared: Connection) -> None:
    make(shared, "item", "id int, tags text[], seen text")
    make(shared, "audit", "what jsonb")
    trigger(
        shared,
        "item",
        "before insert each row",
        "import { json } from '@stopgap/runtime';"
        "export default async (ctx: TriggerCtx) => {"
        "  await ctx.db.exec('insert into audit values ($1)', [json(ctx.trigger.new)]);"
        "  await ctx.db.exec('insert into audit values ($1)', "
        "    [json(structuredClone(ctx.trigger.new))]);"
        "  ctx.trigger.new.seen = JSON.stringify(ctx.trigger.new);"
        "}",
    )

    shared.execute("insert into item values (1, '{a,b}')")

    told = {"id": 1, "tags": ["a", "b"], "seen": None}
    assert rows(shared, "select what from audit") == [(told,), (told,)]
    assert json.loads(fetch(shared, "select seen from item")) == told


# How PostgreSQL fires them


def test_update_of_and_when(shared: Connection) -> None:
    make(shared, "item", "a int, b int, fired int default 0")
    define(shared, "fire() returns trigger", "ctx.trigger.new.fired += 1")
    shared.execute(
        "create trigger t before update of a on item for each row "
        "when (old.a is distinct from new.a) execute function fire()"
    )
    shared.execute("insert into item values (1, 1)")

    for change in ("b = 2", "a = 1", "a = 2", "a = 3, b = 5"):
        shared.execute(f"update item set {change}".encode())

    assert rows(shared, "select * from item") == [(3, 5, 2)]


def test_insert_on_conflict(shared: Connection) -> None:
    make(shared, "item", "id int primary key, how text")
    trigger(
        shared,
        "item",
        "before insert or update each row",
        "ctx.trigger.new.how += ' ' + ctx.trigger.operation",
    )

    for _ in range(2):
        shared.execute(
            "insert into item values (1, '') "
            "on conflict (id) do update set how = item.how || excluded.how"
        )

    assert rows(shared, "select how from item") == [(" INSERT INSERT UPDATE",)]


def test_merge(shared: Connection) -> None:
    make(shared, "item", "id int, how text")
    shared.execute("insert into item values (1, ''), (2, '')")
    trigger(
        shared,
        "item",
        "before insert or update or delete each row",
        "if (ctx.trigger.operation === 'DELETE') return;"
        "ctx.trigger.new.how += ctx.trigger.operation",
    )

    shared.execute(
        "merge into item using generate_series(1, 3) as n on id = n "
        "when matched and n = 1 then delete "
        "when matched then update set how = 'm ' "
        "when not matched then insert values (n, 'n ')"
    )

    assert rows(shared, "select * from item order by id") == [
        (2, "m UPDATE"),
        (3, "n INSERT"),
    ]


def test_copy(shared: Connection) -> None:
    make(shared, "item", "id int, twice int")
    trigger(
        shared,
        "item",
        "before insert each row",
        "if (ctx.trigger.new.id === 2) return null;"
        "ctx.trigger.new.twice = ctx.trigger.new.id * 2",
    )

    with shared.cursor().copy("copy item (id) from stdin") as copy:
        for number in range(1, 4):
            copy.write_row((number,))

    assert rows(shared, "select * from item") == [(1, 2), (3, 6)]


def test_a_trigger_that_writes_its_own_table(shared: Connection) -> None:
    make(shared, "item", "n int, depth text")
    trigger(
        shared,
        "item",
        "before insert each row",
        "const { new: now } = ctx.trigger;"
        "now.depth = `${now.n}`;"
        "if (now.n > 0) await ctx.db.exec('insert into item values ($1)', [now.n - 1]);"
        "now.depth += `<${now.n}`",
    )

    shared.execute("insert into item values (3)")

    assert rows(shared, "select * from item order by n") == [
        (0, "0<0"),
        (1, "1<1"),
        (2, "2<2"),
        (3, "3<3"),
    ]


def test_a_trigger_that_writes_its_own_table_at_once(shared: Connection) -> None:
    make(shared, "item", "n int, depth text")
    trigger(
        shared,
        "item",
        "after insert each row",
        "const { new: now } = ctx.trigger;"
        "if (now.n > 0) ctx.db.sync.exec('insert into item values ($1)', [now.n - 1]);"
        "ctx.db.sync.exec('update item set depth = n where n = $1', [now.n])",
    )

    shared.execute("insert into item values (3)")

    assert rows(shared, "select depth from item order by n") == [
        ("0",),
        ("1",),
        ("2",),
        ("3",),
    ]


def test_endless_recursion_ends_with_an_error(shared: Connection) -> None:
    make(shared, "item", "n int")
    trigger(
        shared,
        "item",
        "after insert each row",
        "await ctx.db.exec('insert into item values (1)')",
    )

    with refused("54001"):
        shared.execute("insert into item values (1)")

    assert fetch(shared, "select count(*) from item") == 0


def test_one_function_serves_triggers_of_many_tables(shared: Connection) -> None:
    make(shared, "first", "id int, stamp text")
    make(shared, "second", "stamp text, n numeric, id bigint")
    define(
        shared,
        "stamp() returns trigger",
        "ctx.trigger.new.stamp = `${ctx.trigger.table} ${typeof ctx.trigger.new.id}`",
    )
    for table in ("first", "second"):
        shared.execute(
            f"create trigger t before insert on {table} "
            "for each row execute function stamp()".encode()
        )

    for _ in range(2):
        shared.execute("insert into first (id) values (1)")
        shared.execute("insert into second (id) values (1)")

    assert rows(shared, "select distinct stamp from first") == [("first number",)]
    assert rows(shared, "select distinct stamp from second") == [("second bigint",)]


def test_constraint_triggers_run_when_they_are_due(shared: Connection) -> None:
    make(shared, "item", "id int")
    define(
        shared,
        "check_item() returns trigger",
        "const rows = await ctx.db.query<{ n: number }>"
        "('select count(*)::int as n from item');"
        "if (rows[0]!.n < 2) throw new Error(`${rows[0]!.n} is too few`)",
    )
    shared.execute(
        "create constraint trigger t after insert on item "
        "deferrable initially deferred for each row execute function check_item()"
    )

    with shared.transaction():
        shared.execute("insert into item values (1)")
        shared.execute("insert into item values (2)")
    with refused("38000") as refusal, shared.transaction():
        shared.execute("delete from item")
        shared.execute("insert into item values (3)")
        shared.execute("set constraints all immediate")

    assert refusal.message == "1 is too few"
    assert fetch(shared, "select count(*) from item") == 2


def test_deferred_triggers_run_under_the_role_that_postgresql_gives_them(
    shared: Connection,
) -> None:
    make(shared, "item", "who text")
    shared.execute("drop table if exists audit")
    shared.execute("create table audit (who text)")
    shared.execute("drop role if exists trigger_tester")
    shared.execute("create role trigger_tester")
    shared.execute("grant insert on item, audit to trigger_tester")
    define(
        shared,
        "who() returns trigger",
        "await ctx.db.exec('insert into audit values (current_user)')",
    )
    shared.execute(
        "create constraint trigger t after insert on item "
        "deferrable initially deferred for each row execute function who()"
    )

    with shared.transaction():
        shared.execute("insert into item values ('a')")
        shared.execute("set role trigger_tester")
        shared.execute("insert into item values ('b')")
        shared.execute("set constraints all immediate")
        shared.execute("reset role")
        shared.execute("insert into item values ('c')")

    seen = rows(shared, "select who from audit")
    # Since 18 the role that queued the event, before that the one when it is served.
    first = "postgres" if shared.info.server_version >= 180000 else "trigger_tester"
    assert seen == [(first,), ("trigger_tester",), ("postgres",)]
    shared.execute("drop table item, audit; drop role trigger_tester")


def test_a_security_definer_trigger_runs_as_its_owner(shared: Connection) -> None:
    make(shared, "item", "who text")
    shared.execute("drop role if exists trigger_tester")
    shared.execute("create role trigger_tester")
    shared.execute("grant insert, select on item to trigger_tester")
    define(
        shared,
        "who() returns trigger security definer",
        "const rows = await ctx.db.query<{ who: string }>"
        "('select current_user as who');"
        "ctx.trigger.new.who = rows[0]!.who",
    )
    shared.execute(
        "create trigger t before insert on item for each row execute function who()"
    )

    shared.execute("set role trigger_tester")
    shared.execute("insert into item default values")
    shared.execute("reset role")

    assert rows(shared, "select who from item") == [("postgres",)]
    shared.execute("drop table item; drop role trigger_tester")


def test_row_security_is_in_force_in_a_trigger(shared: Connection) -> None:
    make(shared, "item", "seen int")
    make(shared, "secret", "id int")
    shared.execute("insert into secret values (1), (2)")
    shared.execute("alter table secret enable row level security")
    shared.execute("create policy one on secret using (id = 1)")
    shared.execute("drop role if exists trigger_tester")
    shared.execute("create role trigger_tester")
    shared.execute("grant all on item, secret to trigger_tester")
    trigger(
        shared,
        "item",
        "before insert each row",
        "const rows = await ctx.db.query<{ n: number }>"
        "('select count(*)::int as n from secret');"
        "ctx.trigger.new.seen = rows[0]!.n",
    )

    shared.execute("insert into item default values")
    shared.execute("set role trigger_tester")
    shared.execute("insert into item default values")
    shared.execute("reset role")

    assert rows(shared, "select seen from item") == [(2,), (1,)]
    shared.execute("drop table item, secret; drop role trigger_tester")


@pytest.mark.parametrize(
    ("enable", "role", "fires"),
    [
        ("enable trigger t", "origin", True),
        ("enable trigger t", "replica", False),
        ("enable replica trigger t", "origin", False),
        ("enable replica trigger t", "replica", True),
        ("enable always trigger t", "replica", True),
        ("disable trigger t", "origin", False),
    ],
)
def test_session_replication_role(
    shared: Connection, enable: str, role: str, fires: bool
) -> None:
    make(shared, "item", "fired bool default false")
    trigger(shared, "item", "before insert each row", "ctx.trigger.new.fired = true")
    shared.execute(f"alter table item {enable}".encode())

    shared.execute(f"set session_replication_role = {role}".encode())
    shared.execute("insert into item default values")
    shared.execute("reset session_replication_role")

    assert fetch(shared, "select fired from item") is fires


def test_foreign_tables_have_the_triggers_that_postgresql_gives_them(
    shared: Connection,
) -> None:
    available = "select 1 from pg_available_extensions where name = 'file_fdw'"
    if shared.execute(available.encode()).fetchone() is None:
        pytest.skip("this PostgreSQL has no file_fdw")
    shared.execute("create extension if not exists file_fdw")
    shared.execute("drop server if exists files cascade")
    shared.execute("create server files foreign data wrapper file_fdw")
    shared.execute(
        "create foreign table far (a int) server files options (filename '/dev/null')"
    )
    define(shared, "far_t() returns trigger", "")

    with refused("42809"):
        shared.execute(
            "create trigger t instead of insert on far "
            "for each row execute function far_t()"
        )


# Errors


def test_an_exception_names_the_line_and_the_function(shared: Connection) -> None:
    make(shared, "item", "id int")
    trigger(
        shared,
        "item",
        "before insert each row",
        "\nconst limit = 3;\n\nthrow new Error(`more than ${limit}`)",
    )

    with refused("38000") as refusal:
        shared.execute("insert into item values (1)")

    assert refusal.message == "more than 3"
    assert "item_t:4:7" in refusal.context
    assert 'PL/TS function "public.item_t"' in refusal.context


def test_errors_row_by_row_are_caught_by_a_plpgsql_caller(shared: Connection) -> None:
    make(shared, "item", "id int, note text")
    trigger(
        shared,
        "item",
        "before insert each row",
        "import { SqlError } from '@stopgap/runtime';"
        "export default ({ trigger: { new: now } }: TriggerCtx) => {"
        "  if (now.id % 3 === 0) throw new SqlError({ code: 'P0009', message: 'no' });"
        "  now.note = 'kept';"
        "}",
    )

    shared.execute(
        """
        do $$ begin
          for n in 1..9 loop
            begin
              insert into item values (n);
            exception when sqlstate 'P0009' then
              insert into item values (n + 100);
            end;
          end loop;
        end $$
        """
    )

    assert [row[0] for row in rows(shared, "select id from item order by id")] == [
        1,
        2,
        4,
        5,
        7,
        8,
        103,
        106,
        109,
    ]


def test_a_statement_timeout_ends_a_trigger(shared: Connection) -> None:
    make(shared, "item", "id int")
    trigger(shared, "item", "before insert each row", "for (;;);")
    shared.execute("set statement_timeout = 100")

    with refused("57014"):
        shared.execute("insert into item values (1)")

    shared.execute("reset statement_timeout")
    assert fetch(shared, "select count(*) from item") == 0


def test_a_trigger_function_called_otherwise_is_refused(shared: Connection) -> None:
    define(shared, "only_trigger() returns trigger", "")

    with refused("0A000") as refusal:
        shared.execute("select only_trigger()")

    assert refusal.message == (
        "trigger function public.only_trigger can only be called as a trigger"
    )


def test_a_function_of_another_kind_is_no_trigger(shared: Connection) -> None:
    make(shared, "item", "id int")
    define(shared, "no_trigger() returns int", "return 1")

    with refused("42P17"):
        shared.execute(
            "create trigger t before insert on item "
            "for each row execute function no_trigger()"
        )


# The validator


def test_a_trigger_function_has_no_parameters(shared: Connection) -> None:
    with refused("42P13") as refusal:
        define(shared, "with_parameters(a int) returns trigger", "")

    assert refusal.hint == "The arguments of a trigger are in ctx.trigger.args."


@pytest.mark.parametrize(
    "body",
    [
        "return 1",
        "ctx.trigger.nwe.id = 1",
        "ctx.trigger.operation === 'UPSERT'",
        "ctx.trigger.name = 'x'",
        "ctx.args.a",
        "export default (ctx: TriggerCtx<{ id: number }>) => ctx.trigger.new.nmae",
    ],
)
def test_types_of_a_trigger_are_checked(shared: Connection, body: str) -> None:
    with refused("42P13"):
        define(shared, "typed() returns trigger", body)


@pytest.mark.parametrize(
    "body",
    [
        "ctx.trigger.new.anything.at.all = 1",
        "if (ctx.trigger.operation !== 'DELETE') return ctx.trigger.new; return null",
        "for (const name of ctx.trigger.args) void ctx.trigger.old[name]",
        "export default (ctx: Ctx) => ctx.trigger?.new.id",
        "export default async ({ trigger }: TriggerCtx): Promise<TriggerResult> => {}",
        "import type { Trigger, TriggerRow } from '@stopgap/runtime';"
        "const same = (t: Trigger): TriggerRow => t.new;"
        "export default (ctx: TriggerCtx) => same(ctx.trigger)",
    ],
)
def test_types_of_a_trigger_allow(shared: Connection, body: str) -> None:
    define(shared, "typed() returns trigger", body)


# Sessions


def test_a_replaced_function_is_used_by_the_next_statement(shared: Connection) -> None:
    make(shared, "item", "v int")
    trigger(shared, "item", "before insert each row", "ctx.trigger.new.v = 1")
    shared.execute("insert into item default values")
    define(shared, "item_t() returns trigger", "ctx.trigger.new.v = 2")

    shared.execute("insert into item default values")

    assert rows(shared, "select v from item") == [(1,), (2,)]


def test_ddl_of_another_session_is_seen(
    shared: Connection, open_session: OpenSession
) -> None:
    make(shared, "item", "a int, keys text")
    trigger(
        shared,
        "item",
        "before insert each row",
        "ctx.trigger.new.keys = Object.keys(ctx.trigger.new).join()",
    )
    shared.execute("insert into item default values")
    open_session().execute("alter table item rename a to b")

    shared.execute("insert into item default values")

    assert rows(shared, "select keys from item") == [("a,keys",), ("b,keys",)]
