"""The end of a transaction within a call, while cursors and savepoints are open."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, fetch, notices, refused

OPEN = "select count(*) from pg_cursors where name like 'plts%'"


def procedure(connection: Connection, head: str, body: str) -> None:
    """Create or replace a procedure: `head` is its name, parameters and attributes."""
    text = f"create or replace procedure {head} language plts as $plts${body}$plts$"
    connection.execute(text.encode())


@pytest.fixture
def table(session: Connection) -> Connection:
    """A session with a table t(a int)."""
    session.execute("create table t (a int primary key)")
    return session


def kept(connection: Connection) -> list[object]:
    """Return what the table t has."""
    return [row[0] for row in connection.execute("select a from t order by a")]


@pytest.mark.parametrize(
    ("end", "rows"), [("commit", range(1, 11)), ("rollback", range(3, 11))]
)
@pytest.mark.parametrize(
    ("loop", "cursor"),
    [("for await", "ctx.db.cursor"), ("for", "ctx.db.sync.cursor")],
    ids=["async", "sync"],
)
def test_cursor_outlives_its_transaction(
    table: Connection, end: str, rows: range, loop: str, cursor: str
) -> None:
    procedure(
        table,
        "over_a_cursor()",
        f"{loop} (const row of {cursor}<{{ g: number }}>(\n"
        "    'select g from generate_series(1, 10) g', [], { fetchSize: 2 })) {\n"
        "  ctx.db.sync.exec('insert into t values ($1)', [row.g]);\n"
        f"  if (row.g === 2) ctx.db.{end}();\n"
        "}",
    )

    table.execute("call over_a_cursor()")

    assert kept(table) == list(rows)
    assert fetch(table, OPEN) == 0


def test_each_row_of_a_cursor_has_a_transaction_of_its_own(table: Connection) -> None:
    table.execute("insert into t select generate_series(1, 50)")
    procedure(
        table,
        "in_turn()",
        "for await (const row of ctx.db.cursor<{ a: number }>(\n"
        "    'select a from t order by a', [], { fetchSize: 3 })) {\n"
        "  await ctx.db.exec('update t set a = -a where a = $1', [row.a]);\n"
        "  if (row.a % 2) ctx.db.rollback(); else ctx.db.commit();\n"
        "}",
    )

    table.execute("call in_turn()")

    expected = [a if a % 2 else -a for a in range(1, 51)]
    assert kept(table) == sorted(expected)


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_end_of_transaction_under_a_cursor_that_writes_is_refused(
    table: Connection, end: str
) -> None:
    table.execute("insert into t values (1), (2)")
    procedure(
        table,
        "writing_cursor()",
        "for await (const _ of ctx.db.cursor(\n"
        "    'update t set a = a + 10 returning a', [], { fetchSize: 1 })) {\n"
        f"  ctx.db.{end}();\n"
        "}",
    )

    with refused("55000") as refusal:
        table.execute("call writing_cursor()")

    assert "cursor" in refusal.message
    assert kept(table) == [1, 2]
    assert fetch(table, OPEN) == 0


def test_call_goes_on_after_a_refused_end_of_transaction_has_rolled_back(
    table: Connection,
) -> None:
    table.execute("insert into t values (1), (2)")
    procedure(
        table,
        "writing_cursor()",
        "const text = 'update t set a = a + 10 returning a';\n"
        "try {\n"
        "  for await (const _ of ctx.db.cursor(text, [], { fetchSize: 1 })) {\n"
        "    ctx.db.commit();\n"
        "  }\n"
        "} catch {}\n"
        "await ctx.db.exec('insert into t values (3)');\n"
        "ctx.db.commit();",
    )

    table.execute("call writing_cursor()")

    assert kept(table) == [1, 2, 3]


def test_cursor_left_open_across_a_commit_is_closed_at_the_end(
    table: Connection,
) -> None:
    procedure(
        table,
        "leaves_open()",
        "const rows = ctx.db.cursor('select generate_series(1, 10)', [],\n"
        "  { fetchSize: 1 });\n"
        "await rows[Symbol.asyncIterator]().next();\n"
        "ctx.db.commit();",
    )

    table.execute("call leaves_open()")

    assert fetch(table, OPEN) == 0


def test_cursor_of_a_call_that_fails_after_a_commit_is_gone(table: Connection) -> None:
    procedure(
        table,
        "fails_open()",
        "for await (const _ of ctx.db.cursor('select generate_series(1, 10)', [],\n"
        "  { fetchSize: 1 })) {\n"
        "  ctx.db.commit();\n"
        "  throw new Error('after the commit');\n"
        "}",
    )

    with refused("38000"):
        table.execute("call fails_open()")

    assert fetch(table, OPEN) == 0


def test_cursor_that_was_read_to_its_end_does_not_mind_a_commit(
    table: Connection,
) -> None:
    procedure(
        table,
        "copies()",
        "for await (const row of ctx.db.cursor<any>('select 1 as g')) {\n"
        "  await ctx.db.exec('insert into t values ($1)', [row.g]);\n"
        "  ctx.db.commit();\n"
        "}",
    )

    table.execute("call copies()")

    assert kept(table) == [1]


@pytest.mark.parametrize("end", ["commit", "rollback"])
@pytest.mark.parametrize(
    "savepoint",
    [
        "await ctx.db.savepoint(async (db) => {{ {work} }})",
        "ctx.db.sync.savepoint((db) => {{ {work} }})",
    ],
    ids=["async", "sync"],
)
@pytest.mark.parametrize("db", ["db", "ctx.db"])
def test_end_of_transaction_in_a_savepoint_is_refused(
    table: Connection, end: str, savepoint: str, db: str
) -> None:
    work = f"db.sync.exec('insert into t values (2)'); {db}.{end}();"
    procedure(
        table,
        "in_savepoint()",
        "ctx.db.sync.exec('insert into t values (1)');\n"
        f"try {{ {savepoint.format(work=work)} }}\n"
        "catch (e: any) { console.warn(e.message) }\n"
        "ctx.db.sync.exec('insert into t values (3)');\n"
        "ctx.db.commit();",
    )

    with notices(table) as messages:
        table.execute("call in_savepoint()")

    assert len(messages) == 1
    assert "savepoint" in messages[0] or "subtransaction" in messages[0]
    assert kept(table) == [1, 3]
