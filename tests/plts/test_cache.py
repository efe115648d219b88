"""The function cache follows every change, in every session."""

from __future__ import annotations

import pytest

from tests.fixtures.cluster import Connect
from tests.plts.support import Connection, define, fetch, refused
from tests.plts.waiting import Running, eventually


def needs_lasting_caches(connection: Connection) -> None:
    """Skip the test where the server forgets everything all the time."""
    if fetch(connection, "select current_setting('debug_discard_caches')") != "0":
        pytest.skip("debug_discard_caches makes every function load anew")


def test_create_or_replace_in_the_same_session(connection: Connection) -> None:
    results = []
    for number in range(3):
        define(connection, "f() returns int", f"return {number}")
        results.append(fetch(connection, "select f()"))

    assert results == [0, 1, 2]


def test_create_or_replace_in_another_session(
    connection: Connection, connect: Connect
) -> None:
    other = connect()
    results = []
    for number in range(3):
        define(other, "f() returns int", f"return {number}")
        results.append(fetch(connection, "select f()"))

    assert results == [0, 1, 2]


def test_prepared_statement_sees_the_new_version(
    connection: Connection, connect: Connect
) -> None:
    other = connect()
    define(other, "f() returns int", "return 1")
    connection.execute("prepare p as select f()")
    before = [fetch(connection, "execute p") for _ in range(7)]

    define(other, "f() returns int", "return 2")

    assert before == [1] * 7
    assert fetch(connection, "execute p") == 2


def test_plpgsql_call_site_sees_the_new_version(connection: Connection) -> None:
    define(connection, "f() returns int", "return 1")
    connection.execute(
        "create function g() returns int language plpgsql as $$ begin return "
        "f(); end $$"
    )
    before = [fetch(connection, "select g()") for _ in range(3)]

    define(connection, "f() returns int", "return 2")

    assert before == [1, 1, 1]
    assert fetch(connection, "select g()") == 2


def test_index_and_default_expressions_see_the_new_version(
    connection: Connection,
) -> None:
    define(connection, "f() returns int", "return 1")
    connection.execute("create table t (a int default f())")
    connection.execute("insert into t default values")

    define(connection, "f() returns int", "return 2")
    connection.execute("insert into t default values")

    assert fetch(connection, "select array_agg(a) from t") == [1, 2]


def test_one_statement_runs_one_version(connection: Connection) -> None:
    define(connection, "f(n int) returns int", "return 1")
    connection.execute(
        "create function replaces() returns int language plpgsql as $$ begin "
        "create or replace function f(n int) returns int language plts as 'return 2'; "
        "return 0; end $$"
    )

    row = connection.execute(
        "select array_agg(f(g) + case g when 5 then replaces() else 0 end) "
        "from generate_series(1, 10) g"
    ).fetchone()

    assert row == ([1] * 10,)
    assert fetch(connection, "select f(1)") == 2


def test_function_that_replaces_itself_ends_its_call(connection: Connection) -> None:
    body = """
        await ctx.db.exec(
            "create or replace function f() returns int language plts as 'return 2'");
        const { n } = (await ctx.db.query<any>("select f() as n"))[0];
        return 10 + n
    """
    define(connection, "f() returns int", body)

    assert fetch(connection, "select f()") == 12
    assert fetch(connection, "select f()") == 2


def test_function_that_drops_itself_ends_its_call(connection: Connection) -> None:
    define(
        connection,
        "f() returns int",
        "await ctx.db.exec('drop function f()'); await null; return [1, 2].length",
    )

    assert fetch(connection, "select f()") == 2
    with refused("42883"):
        fetch(connection, "select f()")


def test_dropped_and_created_again(connection: Connection, connect: Connect) -> None:
    other = connect()
    define(connection, "f() returns int", "return 1")
    assert fetch(other, "select f()") == 1

    connection.execute("drop function f()")
    with refused("42883"):
        fetch(other, "select f()")
    define(connection, "f() returns text", "return 'new'")

    assert fetch(other, "select f()") == "new"


def test_many_functions_created_and_dropped(connection: Connection) -> None:
    for number in range(20):
        define(connection, f"f_{number}() returns int", f"return {number}")
        assert fetch(connection, f"select f_{number}()") == number
        connection.execute(f"drop function f_{number}()".encode())

    define(connection, "last() returns int", "return 99")
    assert fetch(connection, "select last()") == 99


def test_rename_is_seen_by_fn_and_errors(
    connection: Connection, connect: Connect
) -> None:
    define(
        connection, "f(fail bool) returns text", "if (fail) throw 1; return ctx.fn.name"
    )
    other = connect()
    before = fetch(other, "select f(false)")

    connection.execute("alter function f rename to g")

    assert (before, fetch(other, "select g(false)")) == ("f", "g")
    with refused("38000") as refusal:
        fetch(other, "select g(true)")
    assert 'PL/TS function "public.g"' in refusal.context


def test_new_schema_is_seen(connection: Connection) -> None:
    define(connection, "f() returns text", "return ctx.fn.schema + '.' + ctx.fn.name")
    fetch(connection, "select f()")
    connection.execute("create schema other")

    connection.execute("alter function f set schema other")

    assert fetch(connection, "select other.f()") == "other.f"


def test_renamed_schema_is_seen(connection: Connection) -> None:
    connection.execute("create schema before")
    define(connection, "f() returns text", "return ctx.fn.schema", schema="before")
    fetch(connection, "select before.f()")

    connection.execute("alter schema before rename to after")

    assert fetch(connection, "select after.f()") == "after"


def test_volatility_is_seen(connection: Connection) -> None:
    connection.execute("create table t (a int)")
    define(
        connection,
        "f() returns int",
        "await ctx.db.exec('insert into t values (1)'); return 1",
    )
    fetch(connection, "select f()")

    connection.execute("alter function f stable")
    with refused("0A000"):
        fetch(connection, "select f()")
    connection.execute("alter function f volatile")

    assert fetch(connection, "select f()") == 1


def test_strictness_is_seen(connection: Connection) -> None:
    define(connection, "f(n int) returns text", "return typeof n")
    assert fetch(connection, "select f(null)") == "object"

    connection.execute("alter function f strict")

    assert fetch(connection, "select f(null)") is None
    assert fetch(connection, "select f(1)") == "number"


def test_owner_and_security_definer_are_seen(connection: Connection) -> None:
    connection.execute("create role cache_owner")
    try:
        define(
            connection,
            "f() returns text",
            "return ctx.db.sync.query<any>('select current_user::text u')[0].u",
        )
        before = fetch(connection, "select f()")
        connection.execute("alter function f owner to cache_owner")
        connection.execute("alter function f security definer")

        after = fetch(connection, "select f()")
    finally:
        connection.execute("drop function f()")
        connection.execute("drop role cache_owner")

    assert (before, after) == ("postgres", "cache_owner")


def test_set_clause_is_seen(connection: Connection) -> None:
    define(
        connection,
        "f() returns text",
        "return ctx.db.sync.query<any>(\"select current_setting('work_mem') w\")[0].w",
    )
    before = fetch(connection, "select f()")

    connection.execute("alter function f set work_mem = '65kB'")
    during = fetch(connection, "select f()")
    connection.execute("alter function f reset work_mem")

    assert during == "65kB"
    assert fetch(connection, "select f()") == before


def test_rolled_back_replacement(connection: Connection) -> None:
    define(connection, "f() returns int", "return 1")
    fetch(connection, "select f()")

    with connection.transaction(force_rollback=True):
        define(connection, "f() returns int", "return 2")
        inside = fetch(connection, "select f()")

    assert inside == 2
    assert fetch(connection, "select f()") == 1


def test_replacement_rolled_back_to_a_savepoint(connection: Connection) -> None:
    define(connection, "f() returns int", "return 1")
    results = []
    with connection.transaction():
        connection.execute("savepoint a")
        define(connection, "f() returns int", "return 2")
        results.append(fetch(connection, "select f()"))
        connection.execute("rollback to savepoint a")
        results.append(fetch(connection, "select f()"))
    results.append(fetch(connection, "select f()"))

    assert results == [2, 1, 1]


def test_rolled_back_creation(connection: Connection) -> None:
    with connection.transaction(force_rollback=True):
        define(connection, "f() returns int", "return 1")
        assert fetch(connection, "select f()") == 1

    with refused("42883"):
        fetch(connection, "select f()")


def test_replacement_is_unseen_until_it_is_committed(
    connection: Connection, connect: Connect
) -> None:
    define(connection, "f() returns int", "return 1")
    other = connect()
    with connection.transaction():
        define(connection, "f() returns int", "return 2")
        before = fetch(other, "select f()")

    assert before == 1
    assert fetch(other, "select f()") == 2


def test_changed_composite_type(connection: Connection) -> None:
    connection.execute("create type pair as (a int, b int)")
    define(
        connection,
        "keys(p pair) returns text strict",
        "return Object.entries(p).map(([k, v]) => k + typeof v).join()",
    )
    before = fetch(connection, "select keys(row(1, 2)::pair)")

    connection.execute("alter type pair drop attribute b, add attribute c text")
    middle = fetch(connection, "select keys(row(1, 'x')::pair)")
    connection.execute("alter type pair rename attribute c to d")

    assert (before, middle) == ("anumber,bnumber", "anumber,cstring")
    assert fetch(connection, "select keys(row(1, 'x')::pair)") == "anumber,dstring"


def test_changed_result_type(connection: Connection, connect: Connect) -> None:
    connection.execute("create type pair as (a int, b int)")
    define(connection, "make() returns pair", "return { a: 1, b: 2, c: 'x' } as any")
    other = connect()
    with refused("42703"):
        fetch(other, "select make()::text")

    connection.execute("alter type pair add attribute c text")

    assert fetch(other, "select make()::text") == "(1,2,x)"


# What another session may do while a function's types are looked up.
CHANGES = {
    "schema": "create schema unrelated",
    "function": "alter function poly rename to other_poly",
    "type": "alter table t0 add column b int",
    "drop": "drop function poly(anyelement)",
    "replace": "create or replace function poly(x anyelement) returns text "
    "language plts as 'return \"new\"'",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("known", ["poly(1)", "poly(null::t0)", "1"])
def test_change_that_arrives_while_types_are_looked_up(
    connection: Connection, connect: Connect, change: str, known: str
) -> None:
    connection.execute("create table t0 (a int)")
    connection.execute("create table t1 (a int)")
    define(connection, "poly(x anyelement) returns text", "return String(x)")
    lock = "select pg_advisory_lock(1)"
    other = connect()
    fetch(connection, f"select {known}")
    other.execute(lock.encode())

    # The lock is waited for after the functions were found by name, and before `poly`
    # looks up what the row type is.
    blocked = Running(
        connection,
        "select pg_advisory_lock(1), poly(null::t1), poly(1), poly(null::t0)",
    )
    waiting = (
        "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    )
    eventually(lambda: fetch(other, waiting) == 1)
    other.execute(CHANGES[change].encode())
    other.execute("select pg_advisory_unlock(1)")
    error = blocked.finish()

    assert not connection.closed
    if change == "drop":
        assert error is None or error.sqlstate == "XX000"
    else:
        assert error is None
        assert blocked.row is not None
        new = change == "replace"
        # A call site may have found what it runs before, but then all of it.
        assert blocked.row[2] in (("1", "new") if new else ("1",))
    assert fetch(connection, "select 1") == 1


def test_change_of_types_while_a_statement_of_a_function_runs(
    connection: Connection,
) -> None:
    connection.execute("create type pair as (a int, b text)")
    body = """
        // Reading the parameter changes its type, and runs the statement again.
        const sql = "select ($1::pair)::text as t";
        const inner = { a: 1, b: "x" };
        const outer = { a: 2, get b() {
            ctx.db.sync.exec("alter type pair add attribute c int");
            const once = ctx.db.sync.query<any>(sql, [inner])[0].t;
            for (let i = 0; i < 300; i++) ctx.db.sync.query(`select ${i}::varchar(9)`);
            return once;
        } };
        return [ctx.db.sync.query<any>(sql, [inner])[0].t,
                ctx.db.sync.query<any>(sql, [outer])[0].t].join(" ")"""
    define(connection, "f() returns text", body)

    with refused("55000") as refusal:
        fetch(connection, "select f()")

    assert refusal.message == "type pair has changed while the function was running"


@pytest.mark.parametrize("change", ["type text", "type bigint"])
@pytest.mark.parametrize(
    "body",
    [
        "{change}; return {{ a: 5, b: 6 }}",
        "return {{ get a() {{ {change}; return 5 }}, b: 6 }}",
    ],
)
def test_type_that_a_call_changes_before_it_returns_one(
    connection: Connection, body: str, change: str
) -> None:
    connection.execute("create type pair as (a int, b int)")
    alter = f"ctx.db.sync.exec('alter type pair alter attribute b {change}')"
    define(connection, "make() returns pair", body.format(change=alter))

    with refused("55000") as refusal:
        fetch(connection, "select (make()).b::text")

    assert refusal.message == "type pair has changed while the function was running"
    define(connection, "make() returns pair", "return { a: 5, b: null }")
    connection.execute(f"alter type pair alter attribute b {change}".encode())
    assert fetch(connection, "select (make()).a") == 5


def test_types_of_others_do_not_make_a_function_load_anew(
    connection: Connection, connect: Connect
) -> None:
    needs_lasting_caches(connection)
    connection.execute("create type pair as (a int, b text)")
    define(
        connection,
        "counts(p pair) returns int",
        "let n = 0; export default () => ++n",
    )
    # Without its artifact it is compiled, and its module made, each time it is loaded.
    connection.execute("delete from plts.artifact")
    count = "select counts(row(1, 'y'))"
    other = connect()
    results = []

    for number in range(4):
        results.append(fetch(connection, count))
        other.execute(f"create temporary table t{number} (a int, p pair)".encode())
        results.append(fetch(connection, count))
        other.execute(f"drop table t{number}".encode())
    other.execute("alter type pair add attribute c int")
    connection.execute("delete from plts.artifact")
    connection.execute("discard plans")

    assert results == [1, 2, 3, 4, 5, 6, 7, 8]
    assert fetch(connection, "select counts(row(1, 'y', 2))") == 1


def test_changed_enum(connection: Connection, connect: Connect) -> None:
    connection.execute("create type mood as enum ('sad')")
    define(connection, "f(m text) returns mood", "return m")
    other = connect()
    with refused("22P02"):
        fetch(other, "select f('ok')")

    connection.execute("alter type mood add value 'ok'")

    assert fetch(other, "select f('ok')::text") == "ok"


def test_changed_domain(connection: Connection, connect: Connect) -> None:
    connection.execute("create domain small as int")
    define(connection, "f(n int) returns small", "return n")
    other = connect()
    before = fetch(other, "select f(500)")

    connection.execute("alter domain small add check (value < 100)")

    assert before == 500
    with refused("23514"):
        fetch(other, "select f(500)")


def test_modules_are_evaluated_once_a_session(connection: Connection) -> None:
    needs_lasting_caches(connection)
    define(
        connection,
        "counts() returns int",
        "let n = 0; export default () => ++n",
    )

    results = [fetch(connection, "select counts()") for _ in range(3)]

    assert results == [1, 2, 3]


def test_module_that_failed_to_evaluate_is_tried_again(connection: Connection) -> None:
    define(
        connection,
        "f() returns int",
        "throw new Error('at the top'); export default () => 1",
    )

    for _ in range(2):
        with refused("38000") as refusal:
            fetch(connection, "select f()")
        assert refusal.message == "at the top"


@pytest.mark.parametrize("command", ["discard all", "discard plans", "reset all"])
def test_discard(connection: Connection, command: str) -> None:
    define(connection, "f() returns json", "return ctx.db.query('select 1 as a')")
    before = fetch(connection, "select f()")

    connection.execute(command.encode())

    assert fetch(connection, "select f()") == before
