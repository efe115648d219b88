"""No work of a call that only reads happens after it, and others feel nothing of it.

A handler made by `query` can leave behind cursors, settings and prepared statements,
and take locks or send messages without writing a row: each way is closed here, or shown
to carry no write.
"""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, define, fetch, refused
from tests.plts.test_read_only import define_reader

SCHEMA = """
create table t (a int);
create index i on t (a);
create function writes() returns int language plpgsql as
    $$ begin insert into t values (1); return 1; end $$;
create function opens(name refcursor, hold bool default false) returns refcursor
    language plpgsql as $$
    begin
        if hold then
            execute format('declare %I cursor with hold for select writes()', name);
        else
            open name for select writes();
        end if;
        return name;
    end $$;
create function opens_caught(name refcursor) returns refcursor language plpgsql as $$
    begin
        begin
            open name for select writes();
        exception when division_by_zero then null;
        end;
        return name;
    end $$;
create procedure opens_by_call(name refcursor) language plpgsql as
    $$ begin open name for select writes(); end $$;
"""


@pytest.fixture
def tables(session: Connection) -> Connection:
    """A session on a database of its own with something to write to."""
    session.execute(SCHEMA)
    return session


def rows(connection: Connection) -> object:
    return fetch(connection, "select count(*) from t")


HOLDABLE = {
    "statement": "declare c cursor with hold for select writes()",
    "scrollable": "declare c scroll cursor with hold for select * from writes()",
    "PL/pgSQL": "select opens('c', true)",
    "do": "do $d$ begin execute 'declare c cursor with hold for select writes()'; "
    "end $d$",
}


@pytest.mark.parametrize("sync", ["await ctx.db", "ctx.db.sync"], ids=["async", "sync"])
@pytest.mark.parametrize("statement", HOLDABLE.values(), ids=HOLDABLE.keys())
def test_holdable_cursor_is_refused(
    tables: Connection, statement: str, sync: str
) -> None:
    define_reader(tables, f"{sync}.exec({statement!r}); return null")

    with refused("25006", "WITH HOLD"):
        fetch(tables, "select reads('{}')")

    assert rows(tables) == 0


def test_refused_holdable_cursor_can_be_caught_and_is_gone(tables: Connection) -> None:
    define_reader(
        tables,
        "try { await ctx.db.exec('declare c cursor with hold for select writes()') }"
        " catch (e: any) { return e.code }",
    )

    with tables.transaction():
        assert fetch(tables, "select reads('{}')") == "25006"
        assert fetch(tables, "select count(*) from pg_cursors where name = 'c'") == 0

    assert rows(tables) == 0


LEFT_OPEN = {
    "declare": "await ctx.db.exec('declare c cursor for select writes()')",
    "PL/pgSQL open": "await ctx.db.query(\"select opens('c')\")",
    "PL/pgSQL open in a block": "await ctx.db.query(\"select opens_caught('c')\")",
    "procedure": "await ctx.db.exec(\"call opens_by_call('c')\")",
    "sync": "ctx.db.sync.query(\"select opens('c')\")",
    "savepoint": "await ctx.db.savepoint(async (db) => {"
    " await db.query('select 1'); await db.query(\"select opens('c')\") })",
    "while a cursor is read": "for await (const row of"
    " ctx.db.cursor(\"select opens('c') from generate_series(1, 1)\")) {}",
    "second statement": "await ctx.db.query('select 1');"
    " await ctx.db.query(\"select opens('c')\"); await ctx.db.query('select 2')",
    "through another function": "await ctx.db.query('select opens_ts()')",
}


@pytest.mark.parametrize("body", LEFT_OPEN.values(), ids=LEFT_OPEN.keys())
def test_cursor_that_is_left_open_is_refused(tables: Connection, body: str) -> None:
    define(
        tables,
        "opens_ts() returns text",
        "await ctx.db.query(\"select opens('c')\"); return 'c'",
    )
    define_reader(tables, f"{body}; return 1")

    with tables.transaction(force_rollback=True):
        tables.execute("savepoint a")
        with refused("25006", 'cannot leave cursor "c" open'):
            tables.execute("select reads('{}')")
        tables.execute("rollback to savepoint a")
        assert fetch(tables, "select count(*) from pg_cursors where name = 'c'") == 0

    assert rows(tables) == 0


def test_cursor_of_the_caller_cannot_be_replaced(tables: Connection) -> None:
    define_reader(
        tables,
        "await ctx.db.exec('close c');"
        " await ctx.db.exec('declare c cursor for select writes()'); return 1",
    )

    with tables.transaction(force_rollback=True):
        tables.execute("declare c cursor for select 1")
        with refused("25006", 'cannot leave cursor "c" open'):
            tables.execute("select reads('{}')")


def test_cursor_of_the_caller_stays(tables: Connection) -> None:
    define_reader(tables, "return await ctx.db.query('fetch next from c')")

    with tables.transaction():
        tables.execute(
            "declare c cursor for select g as n from generate_series(1, 3) g"
        )
        assert fetch(tables, "select reads('{}')") == [{"n": 1}]
        assert fetch(tables, "fetch next from c") == 2


def test_cursor_is_read_and_closed_within_the_call(tables: Connection) -> None:
    tables.execute(
        "create function opens_reading(name refcursor) returns refcursor "
        "language plpgsql as $$ begin open name for select 7 as n; return name; end $$"
    )
    define_reader(
        tables,
        "await ctx.db.query(\"select opens_reading('c')\");"
        " const rows = await ctx.db.query('fetch all from c');"
        " await ctx.db.exec('close c'); return rows",
    )

    assert fetch(tables, "select reads('{}')") == [{"n": 7}]


def test_writing_through_an_open_cursor_is_refused(tables: Connection) -> None:
    define_reader(
        tables,
        "await ctx.db.query(\"select opens('c')\");"
        " await ctx.db.query('fetch all from c'); return 1",
    )

    with refused("25006"):
        fetch(tables, "select reads('{}')")

    assert rows(tables) == 0


def test_inner_query_may_leave_a_cursor_to_an_outer_one_that_closes_it(
    tables: Connection,
) -> None:
    tables.execute(
        "create function opens_reading() returns refcursor language plpgsql as "
        "$$ declare c refcursor := 'c';"
        " begin open c for select 7 as n; return c; end $$"
    )
    define_reader(
        tables, "await ctx.db.query('select opens_reading()'); return 1", "inner_reads"
    )
    define_reader(
        tables,
        "await ctx.db.query(\"select inner_reads('{}')\");"
        " const rows = await ctx.db.query('fetch all from c');"
        " await ctx.db.exec('close c'); return rows",
    )

    assert fetch(tables, "select reads('{}')") == [{"n": 7}]
    with refused("25006", 'cannot leave cursor "c" open'):
        fetch(tables, "select inner_reads('{}')")


def test_procedure_that_reads_cannot_commit_an_open_cursor(tables: Connection) -> None:
    tables.execute(
        """
        create procedure reports() language plts as $$
            import { query } from "@stopgap/runtime";
            export default query(async (_args: any, ctx) => {
                await ctx.db.query("select opens('c')");
                (ctx.db as any).commit();
            });
        $$
        """
    )

    with refused("25006", 'cannot leave cursor "c" open'):
        tables.execute("call reports()")

    assert rows(tables) == 0


def test_cursor_left_open_in_a_parallel_plan_is_refused(tables: Connection) -> None:
    tables.execute("alter function opens(refcursor, bool) parallel safe")
    tables.execute("insert into t select 1 from generate_series(1, 10)")
    define(
        tables,
        "reads(args jsonb) returns jsonb parallel safe",
        'import { query } from "@stopgap/runtime";\n'
        "export default query(async (_args: any, ctx) => {\n"
        "  await ctx.db.query(\"select opens('c')\"); return 1 })",
    )
    # The plan is a parallel one, but all of it runs in this backend.
    tables.execute(
        "set parallel_setup_cost = 0; set parallel_tuple_cost = 0;"
        "set min_parallel_table_scan_size = 0; set max_parallel_workers = 0"
    )
    plan = tables.execute("explain select reads(to_jsonb(a)) from t").fetchall()
    assert "Gather" in str(plan)

    with tables.transaction(force_rollback=True):
        tables.execute("declare mine cursor for select 1")
        with refused("25006", 'cannot leave cursor "c" open'):
            tables.execute("select reads(to_jsonb(a)) from t")


def test_mutation_may_leave_a_cursor(tables: Connection) -> None:
    define(
        tables,
        "opens_ts(args jsonb) returns jsonb",
        "await ctx.db.query(\"select opens('c')\"); return null",
    )

    with tables.transaction():
        tables.execute("select opens_ts('{}')")
        tables.execute("fetch all from c")

    assert rows(tables) == 1


FELT_BY_OTHERS = {
    "notify": ("notify channel, 'x'", "NOTIFY"),
    "pg_notify": ("select pg_notify('channel', 'x')", "pg_notify"),
    "pg_notify in PL/pgSQL": (
        "do $d$ begin perform pg_notify('channel', 'x'); end $d$",
        "pg_notify",
    ),
    "listen": ("listen channel", "LISTEN"),
    "unlisten": ("unlisten *", "UNLISTEN"),
    "lock table": ("lock table t", "LOCK TABLE"),
    "lock table in share mode": ("lock table t in share mode", "LOCK TABLE"),
    "session lock": ("select pg_advisory_lock(1)", "pg_advisory_lock"),
    "session lock of two keys": (
        "select pg_try_advisory_lock_shared(1, 2)",
        "pg_try_advisory_lock_shared",
    ),
    "session unlock": ("select pg_advisory_unlock_all()", "pg_advisory_unlock_all"),
    "session characteristics": (
        "set session characteristics as transaction read write",
        "SET SESSION CHARACTERISTICS",
    ),
    "message in the log": (
        "select pg_logical_emit_message(false, 'a', 'b')",
        "pg_logical_emit_message",
    ),
    "function in FROM": ("select * from pg_notify('channel', 'x')", "pg_notify"),
}


@pytest.mark.parametrize(
    ("statement", "named"), FELT_BY_OTHERS.values(), ids=FELT_BY_OTHERS.keys()
)
def test_what_others_would_feel_is_refused(
    tables: Connection, statement: str, named: str
) -> None:
    define_reader(tables, f"await ctx.db.exec({statement!r}); return null")

    with refused("25006", named):
        fetch(tables, "select reads('{}')")

    with tables.transaction():
        tables.execute(statement)


REFUSED_BY_THE_SERVER = {
    "temporary tables": "discard temp",
    "reindex": "reindex table t",
    "refresh": "refresh materialized view m",
    "isolation": "set transaction read write",
    "reset": "reset transaction_read_only; insert into t values (1)",
    "commit": "commit",
}


@pytest.mark.parametrize(
    "statement", REFUSED_BY_THE_SERVER.values(), ids=REFUSED_BY_THE_SERVER.keys()
)
def test_server_refuses(tables: Connection, statement: str) -> None:
    tables.execute("create materialized view m as select 1")
    tables.execute("create temp table kept as select 1 as a")
    define_reader(tables, f"await ctx.db.exec({statement!r}); return null")

    with pytest.raises(Exception, match=r".") as raised:
        fetch(tables, "select reads('{}')")

    assert getattr(raised.value, "sqlstate", None) in ("25006", "25001", "0A000")
    assert fetch(tables, "select a from kept") == 1
    assert rows(tables) == 0


ALLOWED = {
    "set": "set my.setting = 'x'",
    "set_config": "select set_config('my.setting', 'x', false)",
    "reset all": "reset all",
    "setseed": "select setseed(0.5)",
    "prepare": "prepare p as insert into t values (1)",
    "transaction lock": "select pg_advisory_xact_lock(1)",
    "transaction id": "select pg_current_xact_id()",
    "access share lock": "lock table t in access share mode",
    "constraints": "set constraints all immediate",
}


@pytest.mark.parametrize("statement", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_is_of_the_session_is_allowed(tables: Connection, statement: str) -> None:
    define_reader(tables, f"await ctx.db.exec({statement!r}); return 1")

    assert fetch(tables, "select reads('{}')") == 1
    assert rows(tables) == 0


def test_prepared_statement_runs_only_where_somebody_executes_it(
    tables: Connection,
) -> None:
    define_reader(
        tables,
        "await ctx.db.exec('prepare p as insert into t values (1)');"
        " try { await ctx.db.exec('execute p') } catch (e: any) { return e.code }",
    )

    assert fetch(tables, "select reads('{}')") == "25006"
    assert rows(tables) == 0
    tables.execute("execute p")
    assert rows(tables) == 1


def test_deferred_trigger_of_the_caller_cannot_write_early(tables: Connection) -> None:
    tables.execute(
        """
        create table audit (a int);
        create function audits() returns trigger language plpgsql as
            $f$ begin insert into audit values (new.a); return null; end $f$;
        create constraint trigger later after insert on t
            deferrable initially deferred for each row execute function audits();
        """
    )
    define_reader(
        tables,
        "try { await ctx.db.exec('set constraints all immediate') }"
        " catch (e: any) { return e.code }",
    )

    with tables.transaction():
        tables.execute("insert into t values (1)")
        assert fetch(tables, "select reads('{}')") == "25006"
        assert fetch(tables, "select count(*) from audit") == 0

    assert fetch(tables, "select count(*) from audit") == 1


STORING = {
    "one": "plts.compile_and_store('export default () => 1')",
    "several": "plts.compile_and_store(array['export default () => 2'])",
    "supplied": "plts.upsert_artifact('export default () => 3', "
    "'export default () => 3')",
}


@pytest.mark.parametrize("call", STORING.values(), ids=STORING.keys())
def test_artifact_is_not_stored_in_a_read_only_transaction(
    tables: Connection, call: str
) -> None:
    before = fetch(tables, "select count(*) from plts.artifact")

    with refused("25006", "plts.artifact"), tables.transaction():
        tables.execute("set transaction read only")
        tables.execute(f"select {call}")
    define_reader(tables, f"return await ctx.db.query({f'select {call}'!r})")
    stored = fetch(tables, "select count(*) from plts.artifact")
    with refused("25006"):
        fetch(tables, "select reads('{}')")

    assert stored == before + 1
    assert fetch(tables, "select count(*) from plts.artifact") == stored


def test_stored_artifact_is_named_in_a_read_only_transaction(
    tables: Connection,
) -> None:
    call = "select plts.compile_and_store('export default () => 4')"
    named = fetch(tables, call)

    with tables.transaction():
        tables.execute("set transaction read only")
        assert fetch(tables, call) == named
