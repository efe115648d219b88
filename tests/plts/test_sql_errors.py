"""Errors of statements in JavaScript, and JavaScript's errors in SQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.plts.support import (
    Connection,
    OpenSession,
    define,
    evaluate,
    fetch,
    refused,
)

SCHEMA = """
create table parent (id int primary key);
create table child (
    id int constraint child_key unique,
    parent int constraint child_parent references parent,
    name text not null,
    size int constraint child_size check (size > 0),
    span int4range,
    constraint child_span exclude using gist (span with &&)
);
create domain positive as int constraint is_positive check (value > 0);
insert into child values (1, null, 'a', 1, '[1,5)');
"""

CATCH = """
    import * as runtime from "@stopgap/runtime";
    export default async (ctx: any) => {{
        try {{ await ctx.db.exec({sql!r}) }}
        catch (error: any) {{
            return [error instanceof (runtime as any).{name},
                error instanceof runtime.SqlError, error.name, error.code,
                error.constraint ?? null]
        }}
        return null;
    }}
"""


@pytest.fixture
def tables(session: Connection) -> Connection:
    """A session with tables that have a constraint of each kind."""
    session.execute(SCHEMA)
    return session


@pytest.mark.parametrize(
    ("sql", "name", "code", "constraint"),
    [
        (
            "insert into child (id, name) values (1, 'x')",
            "UniqueViolationError",
            "23505",
            "child_key",
        ),
        (
            "insert into child (parent, name) values (9, 'x')",
            "ForeignKeyViolationError",
            "23503",
            "child_parent",
        ),
        (
            "insert into child (size, name) values (0, 'x')",
            "CheckViolationError",
            "23514",
            "child_size",
        ),
        ("select 0::positive", "CheckViolationError", "23514", "is_positive"),
        ("insert into child (id) values (2)", "NotNullViolationError", "23502", None),
        (
            "insert into child (span, name) values ('[4,9)', 'x')",
            "ExclusionViolationError",
            "23P01",
            "child_span",
        ),
    ],
)
def test_constraint_violations_have_classes(
    tables: Connection, sql: str, name: str, code: str, constraint: str | None
) -> None:
    assert evaluate(tables, "json", CATCH.format(sql=sql, name=name)) == [
        True,
        True,
        name,
        code,
        constraint,
    ]
    base = CATCH.format(sql=sql, name="ConstraintViolationError")
    assert evaluate(tables, "json", base)[0] is True


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("23001", "ConstraintViolationError"),
        ("25006", "ReadOnlyError"),
        ("40001", "SerializationError"),
        ("40P01", "DeadlockError"),
        ("42501", "InsufficientPrivilegeError"),
        ("55P03", "LockNotAvailableError"),
        ("P0001", "SqlError"),
    ],
)
def test_class_goes_by_the_sqlstate(tables: Connection, code: str, name: str) -> None:
    sql = f"do $$ begin raise exception 'm' using errcode = '{code}'; end $$"
    outcome = evaluate(tables, "json", CATCH.format(sql=sql, name=name))

    assert outcome == [True, True, name, code, None]


def test_serialization_failure_has_its_class(open_session: OpenSession) -> None:
    one, two = open_session(), open_session()
    one.execute("create table t (a int); insert into t values (1)")
    define(
        one,
        "adds() returns text",
        """
        import { SerializationError } from "@stopgap/runtime";
        export default async (ctx: Ctx) => {
            try { await ctx.db.exec("update t set a = a + 1") }
            catch (error) { return String(error instanceof SerializationError) }
            return "updated";
        }
        """,
    )
    one.execute("begin isolation level repeatable read")
    one.execute("select * from t")
    two.execute("update t set a = 5")

    assert fetch(one, "select adds()") == "true"
    one.execute("rollback")


def test_deadlock_has_its_class_and_leaves_the_transaction(
    open_session: OpenSession,
) -> None:
    one, two = open_session(), open_session()
    one.execute("create table t (a int, n int); insert into t values (1, 0), (2, 0)")
    define(
        one,
        "locks_two() returns text",
        """
        import { DeadlockError } from "@stopgap/runtime";
        export default async (ctx: Ctx) => {
            try { await ctx.db.exec("update t set n = 1 where a = 2") }
            catch (error) {
                const [row] = await ctx.db.query<any>("select sum(n)::int n from t");
                return `${error instanceof DeadlockError} ${row.n}`;
            }
            return "updated";
        }
        """,
    )
    for session in (one, two):
        session.execute("set deadlock_timeout = '1min'; set lock_timeout = '30s'")
    one.execute("set deadlock_timeout = '10ms'")
    with ThreadPoolExecutor(1) as pool:
        two.execute("begin")
        two.execute("update t set n = 2 where a = 2")
        one.execute("begin")
        one.execute("update t set n = 1 where a = 1")
        waiting = pool.submit(two.execute, b"update t set n = 2 where a = 1")
        told = fetch(one, "select locks_two()")
        one.execute("rollback")
        waiting.result(timeout=30)
        two.execute("commit")

    assert told == "true 1"


def test_lock_that_is_not_to_be_had_has_its_class(open_session: OpenSession) -> None:
    one, two = open_session(), open_session()
    one.execute("create table t (a int); insert into t values (1)")
    two.execute("begin; select * from t for update")
    outcome = evaluate(
        one,
        "json",
        CATCH.format(
            sql="select * from t for update nowait", name="LockNotAvailableError"
        ),
    )
    two.execute("rollback")

    assert outcome[:2] == [True, True]


def test_caught_error_frees_the_locks_of_its_statement(tables: Connection) -> None:
    body = """
        try {
            const lock = "lock table child in access exclusive mode";
            await ctx.db.exec(`${lock}; select 1 / 0`);
        } catch {}
        return (await ctx.db.query<any>("select count(*)::int n from pg_locks where " +
            "relation = 'child'::regclass and mode = 'AccessExclusiveLock'"))[0].n
    """

    assert evaluate(tables, "int", body) == 0


def test_where_is_postgresqls_context(tables: Connection) -> None:
    tables.execute(
        "create function raises() returns int language plpgsql as "
        "$$ begin raise exception 'deep' using datatype = 'd', column = 'c'; end $$"
    )
    body = """
        try { await ctx.db.query("select raises()") }
        catch (error: any) { return [error.where, error.datatype, error.column] }
        return []
    """

    where, datatype, column = evaluate(tables, "json", body)

    assert where.splitlines()[0] == "PL/pgSQL function raises() line 1 at RAISE"
    assert (datatype, column) == ("d", "c")


@pytest.mark.parametrize("sync", [False, True])
def test_position_is_in_the_statement(tables: Connection, sync: bool) -> None:
    call = "ctx.db.sync.query" if sync else "await ctx.db.query"
    body = f"""
        try {{ {call}("select 1,\\n  nothing from child") }}
        catch (error: any) {{ return error.position }}
        return 0
    """

    assert evaluate(tables, "int", body) == 13


def test_raised_with_every_field(tables: Connection) -> None:
    body = """
        import { SqlError } from "@stopgap/runtime";
        export default () => {
            throw new SqlError({ code: "23505", message: "taken",
                detail: "d", hint: "h",
                constraint: "k", schema: "s", table: "t", column: "c", datatype: "y" });
        }
    """
    with refused("23505") as refusal:
        evaluate(tables, "void", body)

    diagnostic = refusal.diagnostic
    assert (refusal.message, refusal.detail, refusal.hint) == ("taken", "d", "h")
    assert (diagnostic.constraint_name, diagnostic.schema_name) == ("k", "s")
    assert (diagnostic.table_name, diagnostic.column_name) == ("t", "c")
    assert diagnostic.datatype_name == "y"


def test_raised_by_class(tables: Connection) -> None:
    body = """
        import { ForeignKeyViolationError } from "@stopgap/runtime";
        export default () => {
            throw new ForeignKeyViolationError({
                message: "no such part", table: "part" });
        }
    """
    with refused("23503") as refusal:
        evaluate(tables, "void", body)

    assert refusal.message == "no such part"
    assert refusal.diagnostic.table_name == "part"


def test_raised_class_reaches_an_outer_function(tables: Connection) -> None:
    define(
        tables,
        "raises_ts() returns int",
        'import { CheckViolationError } from "@stopgap/runtime";\n'
        "export default () => { throw new CheckViolationError("
        '{ message: "m", constraint: "k" }) };',
    )
    outcome = evaluate(
        tables,
        "json",
        CATCH.format(sql="select raises_ts()", name="CheckViolationError"),
    )

    assert outcome == [True, True, "CheckViolationError", "23514", "k"]


def test_cause_of_a_raised_error_is_in_its_context(tables: Connection) -> None:
    body = """
        import { SqlError } from "@stopgap/runtime";
        export default async (ctx: Ctx) => {
            try { await ctx.db.exec("insert into child (id, name) values (1, 'x')") }
            catch (cause) {
                throw new SqlError({ code: "P0001", message: "not added" }, { cause });
            }
        }
    """
    with refused("P0001") as refusal:
        evaluate(tables, "void", body)

    assert refusal.message == "not added"
    assert (
        "caused by: UniqueViolationError: duplicate key value violates unique "
        'constraint "child_key"' in refusal.context
    )


@pytest.mark.parametrize("finally_", ["", "finally { await ctx.db.query('select 1') }"])
def test_uncaught_error_keeps_position_and_statement(
    tables: Connection, finally_: str
) -> None:
    body = f"try {{ await ctx.db.query('select nothing from child') }} {finally_}"
    if not finally_:
        body = body.removeprefix("try ")
    with refused("42703") as refusal:
        evaluate(tables, "void", body)

    assert refusal.diagnostic.internal_query == "select nothing from child"
    assert refusal.diagnostic.internal_position == "8"
