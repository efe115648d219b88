"""Transition tables: the rows of a statement, by name through ctx.db."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plts.support import Connection, define, fetch, refused


@pytest.fixture
def session(shared: Connection) -> Connection:
    """A session with a table that is watched and one that is told."""
    shared.execute("drop table if exists item, other, told, sums cascade")
    shared.execute("create table item (id int, name text)")
    shared.execute("create table other (name text, n int)")
    shared.execute("create table told (what text)")
    shared.execute("drop table if exists newtab, oldtab")
    return shared


def watch(
    connection: Connection,
    event: str,
    body: str,
    *,
    table: str = "item",
    level: str = "statement",
    referencing: str = "",
    name: str = "t",
) -> None:
    """Make an AFTER trigger on `table` with transition tables."""
    define(connection, f"{table}_{name}() returns trigger", body)
    tables = referencing or {
        "insert": "new table as newtab",
        "update": "old table as oldtab new table as newtab",
        "delete": "old table as oldtab",
    }.get(event, "")
    connection.execute(
        f"create trigger {name} after {event} on {table} referencing {tables} "
        f"for each {level} execute function {table}_{name}()".encode()
    )


def told(connection: Connection) -> list[Any]:
    """Return what triggers have written, in order."""
    return [row[0] for row in connection.execute("select what from told").fetchall()]


TELL = "insert into told select string_agg(name, ',' order by name) from "


@pytest.mark.parametrize("db", ["await ctx.db.exec", "ctx.db.sync.exec"])
def test_new_and_old_rows_of_a_statement(session: Connection, db: str) -> None:
    watch(session, "insert", f'{db}("{TELL} newtab")', name="i")
    watch(session, "update", f'{db}("{TELL} oldtab"); {db}("{TELL} newtab")', name="u")
    watch(session, "delete", f'{db}("{TELL} oldtab")', name="d")

    session.execute("insert into item values (1, 'a'), (2, 'b')")
    session.execute("update item set name = name || '2'")
    session.execute("delete from item where id = 1")
    session.execute("delete from item where id = 1")

    assert told(session) == ["a,b", "a,b", "a2,b2", "a2", None]


def test_row_triggers_see_all_rows(session: Connection) -> None:
    watch(
        session,
        "insert",
        "const rows = await ctx.db.query<{ n: number }>"
        "('select count(*)::int as n from newtab');"
        "await ctx.db.exec('insert into told values ($1)',"
        "  [`${ctx.trigger.new.id} of ${rows[0]!.n}`])",
        level="row",
    )

    session.execute("insert into item values (1), (2)")

    assert told(session) == ["1 of 2", "2 of 2"]


def test_parameters_beside_a_transition_table(session: Connection) -> None:
    watch(
        session,
        "insert",
        "const rows = await ctx.db.query<{ id: number; name: string }>"
        "('select * from newtab where id = $1 and name = any ($2)', [2, ['b', 'c']]);"
        "await ctx.db.exec('insert into told values ($1)', [JSON.stringify(rows)])",
    )

    session.execute("insert into item values (1, 'b'), (2, 'b'), (2, 'd')")

    assert told(session) == ['[{"id":2,"name":"b"}]']


def test_plans_of_other_triggers_are_not_confused(session: Connection) -> None:
    body = (
        "for (const row of await ctx.db.query('select * from newtab')) {"
        "  await ctx.db.exec('insert into told values ($1)', [JSON.stringify(row)]);"
        "}"
    )
    watch(session, "insert", body)
    watch(session, "insert", body, table="other")

    for n in range(2):
        session.execute("insert into item values (%s, 'i')", [n])
        session.execute("insert into other values ('o', %s)", [n])

    assert told(session) == [
        '{"id":0,"name":"i"}',
        '{"name":"o","n":0}',
        '{"id":1,"name":"i"}',
        '{"name":"o","n":1}',
    ]


def test_the_same_text_reads_a_table_elsewhere(session: Connection) -> None:
    session.execute("create table newtab (name text)")
    session.execute("insert into newtab values ('table')")
    define(
        session,
        "read_newtab() returns text",
        "const rows = await ctx.db.query<{ name: string }>('select name from newtab');"
        "return rows[0]!.name",
    )
    watch(
        session,
        "insert",
        "const rows = await ctx.db.query<{ name: string }>('select name from newtab');"
        "const inner = await ctx.db.query<{ name: string }>"
        "('select read_newtab() as name');"
        "await ctx.db.exec('insert into told values ($1)',"
        "  [`${rows[0]!.name} ${inner[0]!.name}`])",
    )

    before = fetch(session, "select read_newtab()")
    session.execute("insert into item values (1, 'row')")
    session.execute("insert into item values (1, 'row')")
    after = fetch(session, "select read_newtab()")

    assert told(session) == ["row table", "row table"]
    assert (before, after) == ("table", "table")


def test_a_table_that_the_trigger_does_not_name_is_unknown(session: Connection) -> None:
    watch(session, "insert", "await ctx.db.query('select * from oldtab')")

    with refused("42P01"):
        session.execute("insert into item values (1)")


def test_transition_tables_cannot_be_written(session: Connection) -> None:
    watch(session, "insert", "await ctx.db.exec('delete from newtab')")

    with refused("0A000"):
        session.execute("insert into item values (1)")


def test_a_trigger_that_fires_itself_sees_its_own_rows(session: Connection) -> None:
    watch(
        session,
        "insert",
        "const read = () => ctx.db.query<{ id: number }>('select id from newtab');"
        "const [row] = await read();"
        "if (row!.id < 3)"
        "  await ctx.db.exec('insert into item values ($1)', [row!.id + 1]);"
        "const [again] = await read();"
        "await ctx.db.exec('insert into told values ($1)', [`${row!.id}${again!.id}`])",
    )

    session.execute("insert into item values (1)")

    assert told(session) == ["33", "22", "11"]


def test_rows_of_a_table_that_was_altered(session: Connection) -> None:
    watch(
        session,
        "insert",
        "const rows = await ctx.db.query('select * from newtab');"
        "await ctx.db.exec('insert into told values ($1)', [JSON.stringify(rows[0])])",
    )
    session.execute("insert into item values (1, 'a')")
    session.execute("alter table item drop name, add extra int default 5")

    session.execute("insert into item values (2)")

    assert told(session) == ['{"id":1,"name":"a"}', '{"id":2,"extra":5}']


def test_rows_routed_to_partitions(session: Connection) -> None:
    session.execute("drop table if exists parted cascade")
    session.execute("create table parted (id int, name text) partition by list (id)")
    session.execute("create table parted_1 partition of parted for values in (1)")
    session.execute("create table parted_2 (name text, id int)")
    session.execute("alter table parted attach partition parted_2 for values in (2)")
    watch(session, "insert", f'await ctx.db.exec("{TELL} newtab")', table="parted")

    session.execute("insert into parted values (1, 'a'), (2, 'b')")

    assert told(session) == ["a,b"]


def test_a_function_that_a_trigger_calls_has_no_transition_tables(
    session: Connection,
) -> None:
    define(
        session,
        "peek() returns int",
        "return (await ctx.db.query('select * from newtab')).length",
    )
    watch(session, "insert", "await ctx.db.query('select peek()')")

    with refused("42P01"):
        session.execute("insert into item values (1)")


@pytest.mark.parametrize(
    ("loop", "cursor"),
    [("for await", "ctx.db.cursor"), ("for", "ctx.db.sync.cursor")],
    ids=["async", "sync"],
)
def test_rows_are_read_by_a_cursor(session: Connection, loop: str, cursor: str) -> None:
    watch(
        session,
        "update",
        f"""
        {loop} (const row of {cursor}<{{ id: number; before: string; after: string }}>(
            'select id, o.name as before, n.name as after ' +
            'from oldtab o join newtab n using (id) where id > $1 order by id', [1],
            {{ fetchSize: 1 }})) {{
            await ctx.db.exec('insert into told values ($1)',
                [`${{row.id}} ${{row.before}} ${{row.after}}`]);
        }}""",
    )
    session.execute("insert into item values (1, 'a'), (2, 'b'), (3, 'c')")

    session.execute("update item set name = name || 'x'")
    session.execute("update item set name = name || 'y' where id = 3")

    assert told(session) == ["2 b bx", "3 c cx", "3 cx cxy"]


def test_cursor_goes_on_while_its_loop_fires_the_same_trigger(
    session: Connection,
) -> None:
    watch(
        session,
        "insert",
        """
        for await (const row of ctx.db.cursor<{ id: number }>(
            'select id from newtab order by id', [], { fetchSize: 1 })) {
            await ctx.db.exec('insert into told values ($1)', [`${row.id}`]);
            if (row.id < 10) {
                await ctx.db.exec(
                    "insert into item values ($1, 'x'), ($2, 'y')",
                    [row.id * 10, row.id * 10 + 1]);
            }
        }""",
    )

    session.execute("insert into item values (1, 'a'), (2, 'b')")

    assert told(session) == ["1", "10", "11", "2", "20", "21"]


def test_cursor_of_a_transition_table_that_is_left_early_is_closed(
    session: Connection,
) -> None:
    watch(
        session,
        "insert",
        """
        for await (const _ of ctx.db.cursor('select * from newtab', [],
            { fetchSize: 1 })) break;
        for (const _ of ctx.db.sync.cursor('select * from newtab', [],
            { fetchSize: 1 })) break;
        const open = "select name from pg_cursors where name like 'plts%'";
        await ctx.db.exec('insert into told values ($1)',
            [`${(await ctx.db.query(open)).length} open`]);""",
    )

    session.execute("insert into item values (1, 'a'), (2, 'b')")

    assert told(session) == ["0 open"]
