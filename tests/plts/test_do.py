"""DO blocks: compiled in memory, run once, stored nowhere."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, fetch, notices, refused


def do(connection: Connection, body: str) -> None:
    """Run a DO block."""
    connection.execute(f"do language plts $plts${body}$plts$".encode())


def warned(connection: Connection, body: str) -> list[str]:
    """Run a DO block and return the messages that it prints."""
    with notices(connection) as messages:
        do(connection, body)
    return messages


@pytest.mark.parametrize(
    "body",
    [
        "console.warn('hello')",
        "console.warn(await Promise.resolve('hello'))",
        "export default () => console.warn('hello')",
        "export default async () => { console.warn('hello') }",
        "import { query } from '@stopgap/runtime';"
        "export default query(() => console.warn('hello'))",
    ],
)
def test_block_runs(shared: Connection, body: str) -> None:
    assert warned(shared, body) == ["hello"]


def test_block_has_ctx(session: Connection) -> None:
    session.execute("create table t (a int)")

    do(
        session,
        "await ctx.db.exec('insert into t values ($1)', [ctx.args.length + 7])",
    )

    assert fetch(session, "select a from t") == 7


def test_block_is_named_in_ctx(shared: Connection) -> None:
    assert warned(shared, "console.warn(ctx.fn.oid, ctx.fn.schema, ctx.fn.name)") == [
        "0  inline_code_block"
    ]


def test_block_is_type_checked_at_its_place(shared: Connection) -> None:
    statement = "do language plts $$\n  const a: string = 1;\n$$"

    with refused("42P13") as refusal:
        shared.execute(statement.encode())

    assert refusal.message.startswith("TS2322")
    position = str(statement.index("a: string") + 1)
    assert refusal.diagnostic.statement_position == position


def test_syntax_error_of_a_block_has_its_place(shared: Connection) -> None:
    statement = "do language plts $$ const = 1 $$"

    with refused("42601") as refusal:
        shared.execute(statement.encode())

    assert refusal.diagnostic.statement_position == str(statement.index("= 1") + 1)


def test_value_of_a_block_is_a_type_error(shared: Connection) -> None:
    with refused("42P13"):
        do(shared, "return 5")


def test_block_that_yields_is_refused(shared: Connection) -> None:
    with refused("42P13") as refusal:
        do(shared, "yield 1")

    assert "DO block" in refusal.message


def test_block_stores_nothing(shared: Connection) -> None:
    count = "select count(*) from plts.artifact"
    before = fetch(shared, count)

    do(shared, "console.debug('a block that is stored nowhere')")

    assert fetch(shared, count) == before


def test_context_of_an_error_names_the_block(shared: Connection) -> None:
    with refused("38000") as refusal:
        do(shared, "throw new Error('from a block')")

    assert refusal.message == "from a block"
    assert "PL/TS anonymous code block" in refusal.context


def test_error_of_a_statement_goes_on_as_it_was(shared: Connection) -> None:
    with refused("22012"):
        do(shared, "ctx.db.sync.query('select 1 / 0')")


def test_commit_and_rollback_in_a_block(session: Connection) -> None:
    session.execute("create table t (a int)")

    do(
        session,
        "for (let i = 0; i < 4; i++) {\n"
        "  await ctx.db.exec('insert into t values ($1)', [i]);\n"
        "  if (i % 2) ctx.db.rollback(); else ctx.db.commit();\n"
        "}",
    )

    assert [row[0] for row in session.execute("select a from t")] == [0, 2]


def test_commit_of_a_block_in_a_transaction_is_refused(session: Connection) -> None:
    with refused("2D000"), session.transaction():
        do(session, "ctx.db.commit()")


def test_commit_of_a_block_in_a_statement_is_refused(session: Connection) -> None:
    with refused("2D000"):
        do(session, "ctx.db.sync.exec('do language plts $$ ctx.db.commit() $$')")


def test_blocks_nest(shared: Connection) -> None:
    assert warned(
        shared,
        "ctx.db.sync.exec(\"do language plts $$ console.warn('inner') $$\");\n"
        "console.warn('outer')",
    ) == ["inner", "outer"]


@pytest.mark.parametrize(
    ("setting", "body", "sqlstate"),
    [
        ("plts.max_runtime_ms = 50", "for (;;);", "57014"),
        ("statement_timeout = 50", "for (;;);", "57014"),
        (
            "plts.max_heap_mb = 32",
            "const a: unknown[] = []; for (;;) a.push(new Array(1e4).fill(0))",
            "53200",
        ),
        ("plts.max_sql_bytes = 10", "ctx.db.sync.query('select 1234567')", "54000"),
    ],
)
def test_limit_holds_for_a_block(
    session: Connection, setting: str, body: str, sqlstate: str
) -> None:
    session.execute(f"set {setting}".encode())

    with refused(sqlstate):
        do(session, body)

    session.execute("reset all")
    assert fetch(session, "select 1") == 1


def test_many_blocks_keep_no_memory(session: Connection) -> None:
    used = "select sum(used_bytes)::bigint from pg_backend_memory_contexts"
    for _ in range(20):
        do(session, "console.debug(1)")
    before = fetch(session, used)

    for i in range(100):
        do(session, f"console.debug({i})")

    assert fetch(session, used) < before + 200_000


def test_block_needs_the_right_to_use_the_language(session: Connection) -> None:
    session.execute("create role no_language")
    session.execute("set role no_language")
    try:
        with refused("42501"):
            do(session, "console.log(1)")
    finally:
        session.execute("reset role; drop role no_language")


def test_block_of_another_encoding(cluster_in_latin1: Connection) -> None:
    assert warned(cluster_in_latin1, "console.warn('\u00e9')") == ["\u00e9"]
