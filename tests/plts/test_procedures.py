"""Procedures: CALL, output parameters, and transactions that end in the middle."""

from __future__ import annotations

import pytest

from tests.plts.support import Connection, fetch, refused


def procedure(connection: Connection, head: str, body: str) -> None:
    """Create or replace a procedure: `head` is its name, parameters and attributes."""
    text = f"create or replace procedure {head} language plts as $plts${body}$plts$"
    connection.execute(text.encode())


def call(connection: Connection, statement: str) -> tuple[object, ...]:
    """Run a CALL and return its row of output parameters."""
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row


@pytest.fixture
def table(session: Connection) -> Connection:
    """A session with a table t(a int)."""
    session.execute("create table t (a int primary key)")
    return session


def kept(connection: Connection) -> list[object]:
    """Return what the table t has."""
    return [row[0] for row in connection.execute("select a from t order by a")]


def test_procedure_runs(table: Connection) -> None:
    procedure(
        table,
        "add_row(a int)",
        "await ctx.db.exec('insert into t values ($1)', [a])",
    )

    table.execute("call add_row(7)")

    assert kept(table) == [7]


def test_procedure_of_a_module(table: Connection) -> None:
    procedure(
        table,
        "add_row(a int)",
        "import type { Ctx } from '@stopgap/runtime';\n"
        "export default (ctx: Ctx<{ a: number }>) => {\n"
        "  ctx.db.sync.exec('insert into t values ($1)', [ctx.args.a]) }",
    )

    table.execute("call add_row(7)")

    assert kept(table) == [7]


def test_inout_parameters_come_back(shared: Connection) -> None:
    procedure(
        shared,
        "swap(inout a int, inout b text)",
        "return { a: Number(b), b: String(a) }",
    )

    assert call(shared, "call swap(1, '2')") == (2, "1")


def test_out_parameters_are_not_passed(shared: Connection) -> None:
    procedure(
        shared,
        "divide(n int, d int, out quotient int, out rest int)",
        "if (ctx.args.length !== 2 || n === null || d === null) throw new Error();\n"
        "return { quotient: Math.trunc(n / d), rest: n % d }",
    )

    assert call(shared, "call divide(7, 2, null, null)") == (3, 1)


@pytest.mark.parametrize("mode", ["inout", "out"])
def test_single_output_parameter_is_the_value_itself(
    shared: Connection, mode: str
) -> None:
    procedure(shared, f"single({mode} a int)", "return 8")

    assert call(shared, "call single(null)") == (8,)
    shared.execute("drop procedure single")


def test_missing_outputs_of_a_plain_body_are_a_type_error(shared: Connection) -> None:
    with refused("42P13"):
        procedure(shared, "half(inout a int, inout b int)", "return { a: 1 }")


def test_procedure_that_returns_no_outputs_is_refused(shared: Connection) -> None:
    procedure(shared, "silent(inout a int, inout b int)", "export default () => {}")

    with refused("22004") as refusal:
        shared.execute("call silent(1, 2)")

    assert "output parameters" in refusal.message


def test_defaults_and_named_notation_of_call(shared: Connection) -> None:
    procedure(
        shared,
        "named(inout a int, b int default 2, c int default 3)",
        "return a! * 100 + b! * 10 + c!",
    )

    assert call(shared, "call named(1)") == (123,)
    assert call(shared, "call named(c => 9, a => 1)") == (129,)


def test_call_from_plpgsql_takes_the_outputs(shared: Connection) -> None:
    procedure(shared, "twice(inout a int)", "return a! * 2")

    shared.execute(
        "do $$ declare n int := 4; begin call twice(n);"
        " if n <> 8 then raise 'got %', n; end if; end $$"
    )


def test_commit_keeps_and_rollback_drops(table: Connection) -> None:
    procedure(
        table,
        "every_second()",
        "for (let i = 0; i < 6; i++) {\n"
        "  ctx.db.sync.exec('insert into t values ($1)', [i]);\n"
        "  if (i % 2 === 0) ctx.db.commit(); else ctx.db.rollback();\n"
        "}",
    )

    table.execute("call every_second()")

    assert kept(table) == [0, 2, 4]


def test_commit_between_awaited_statements(table: Connection) -> None:
    procedure(
        table,
        "awaiting()",
        "await ctx.db.exec('insert into t values (1)'); ctx.db.commit();\n"
        "await ctx.db.exec('insert into t values (2)'); ctx.db.rollback();\n"
        "const rows = await ctx.db.query<{ a: number }>('select a from t');\n"
        "await ctx.db.exec('insert into t values ($1)', [rows[0]!.a + 10])",
    )

    table.execute("call awaiting()")

    assert kept(table) == [1, 11]


def test_commit_begins_a_transaction_of_its_own(table: Connection) -> None:
    procedure(
        table,
        "visible()",
        "const id = () => ctx.db.sync.query<{ x: string }>("
        "'select pg_current_xact_id()::text as x')[0]!.x;\n"
        "const first = id(); ctx.db.sync.exec('insert into t values (1)');\n"
        "ctx.db.commit();\n"
        "const status = ctx.db.sync.query<{ s: string }>("
        "'select pg_xact_status($1::text::xid8) as s', [first])[0]!.s;\n"
        "if (status !== 'committed' || id() === first) throw new Error(status)",
    )

    table.execute("call visible()")


def test_now_moves_with_the_transaction(session: Connection) -> None:
    procedure(
        session,
        "clock(out moved bool)",
        "const before = ctx.now;\n"
        "ctx.db.sync.query('select pg_sleep(0.002)'); ctx.db.commit();\n"
        "return ctx.now > before",
    )

    assert call(session, "call clock(null)") == (True,)


def test_error_after_a_commit_keeps_what_was_committed(table: Connection) -> None:
    procedure(
        table,
        "fails_late()",
        "ctx.db.sync.exec('insert into t values (1)'); ctx.db.commit();\n"
        "ctx.db.sync.exec('insert into t values (2)'); throw new Error('late')",
    )

    with refused("38000"):
        table.execute("call fails_late()")

    assert kept(table) == [1]


def test_error_of_a_commit_can_be_caught(session: Connection) -> None:
    session.execute("create table parent (id int primary key)")
    session.execute(
        "create table t (a int references parent deferrable initially deferred)"
    )
    procedure(
        session,
        "breaks(out code text)",
        "let code = 'none';\n"
        "ctx.db.sync.exec('insert into t values (1)');\n"
        "try { ctx.db.commit() } catch (e: any) { code = e.code }\n"
        "ctx.db.sync.exec('insert into parent values (2)');\n"
        "ctx.db.sync.exec('insert into t values (2)'); ctx.db.commit();\n"
        "return code",
    )

    assert call(session, "call breaks(null)") == ("23503",)
    assert kept(session) == [2]


def test_uncaught_error_of_a_commit_goes_on_as_it_was(session: Connection) -> None:
    session.execute("create table parent (id int primary key)")
    session.execute(
        "create table t (a int references parent deferrable initially deferred)"
    )
    procedure(
        session,
        "breaks()",
        "ctx.db.sync.exec('insert into t values (1)'); ctx.db.commit()",
    )

    with refused("23503") as refusal:
        session.execute("call breaks()")

    assert refusal.diagnostic.constraint_name == "t_a_fkey"
    assert fetch(session, "select 1") == 1


@pytest.mark.parametrize("verb", ["commit", "rollback"])
def test_end_of_transaction_in_a_function_is_refused(
    session: Connection, verb: str
) -> None:
    session.execute(
        f"create function ends() returns void language plts as 'ctx.db.{verb}()'"
    )

    with refused("2D000") as refusal:
        session.execute("select ends()")

    assert refusal.message == "invalid transaction termination"
    assert f"ctx.db.{verb}" in refusal.detail


def test_commit_in_a_transaction_block_is_refused(session: Connection) -> None:
    procedure(session, "ends()", "ctx.db.commit()")

    with refused("2D000"), session.transaction():
        session.execute("call ends()")


def test_commit_in_a_procedure_called_by_a_statement_is_refused(
    session: Connection,
) -> None:
    procedure(session, "ends()", "ctx.db.commit()")
    procedure(session, "calls()", "ctx.db.sync.exec('call ends()')")
    procedure(session, "awaits()", "await ctx.db.exec('call ends()')")

    for statement in ("call calls()", "call awaits()"):
        with refused("2D000"):
            session.execute(statement.encode())


def test_refused_commit_can_be_caught(table: Connection) -> None:
    procedure(
        table,
        "tries(out code text)",
        "ctx.db.sync.exec('insert into t values (1)');\n"
        "try { ctx.db.commit(); return 'none' } catch (e: any) { return e.code }",
    )

    with table.transaction():
        assert call(table, "call tries(null)") == ("2D000",)

    assert kept(table) == [1]


@pytest.mark.parametrize("attribute", ["security definer", "set work_mem = '1MB'"])
def test_commit_is_refused_where_attributes_must_be_undone(
    session: Connection, attribute: str
) -> None:
    procedure(session, f"ends() {attribute}", "ctx.db.commit()")

    with refused("2D000"):
        session.execute("call ends()")


def test_commit_while_a_statement_runs_is_refused(session: Connection) -> None:
    procedure(
        session,
        "inside(out code text)",
        "let code = 'none';\n"
        "const parameter = { toString() { return 'x' }, toJSON() {\n"
        "  try { ctx.db.commit() } catch (e: any) { code = e.code } return 1 } };\n"
        "ctx.db.sync.query('select $1::jsonb', [parameter]);\n"
        "return code",
    )

    assert call(session, "call inside(null)") == ("2D000",)


def test_commit_with_pending_statements_is_refused(session: Connection) -> None:
    procedure(
        session,
        "pending()",
        "const later = ctx.db.query('select 1'); ctx.db.commit(); await later",
    )

    with refused("55000") as refusal:
        session.execute("call pending()")

    assert "Await" in refusal.hint


def test_commit_works_after_statements_that_called_functions(
    session: Connection,
) -> None:
    session.execute("create function nothing() returns int language plts as 'return 1'")
    procedure(
        session,
        "reaches()",
        "const parameter = { toJSON() {\n"
        "  return ctx.db.sync.query('select nothing()') } };\n"
        "ctx.db.sync.query('select $1::jsonb', [parameter]); ctx.db.commit()",
    )

    session.execute("call reaches()")


def test_everything_of_ctx_works_after_a_commit(table: Connection) -> None:
    procedure(
        table,
        "goes_on(inout big text, doc jsonb)",
        "const { db, args } = ctx;\n"
        "const before = db.sync.query<{ v: string }>("
        "'select repeat($1, 3) as v', [big]);\n"
        "db.commit();\n"
        "const after = await db.query<{ v: string }>("
        "'select repeat($1, 3) as v', [args.big]);\n"
        "db.commit(); db.rollback();\n"
        "if (before[0]!.v !== after[0]!.v || ctx.fn.name !== 'goes_on')"
        " throw new Error();\n"
        "return String(after[0]!.v.length + doc.length)",
    )

    # Long values are stored out of line and compressed.
    assert call(
        table,
        "call goes_on(repeat('x', 100000),"
        " to_jsonb(string_to_array(repeat('1,', 4999) || '1', ',')))",
    ) == ("305000",)


def test_toasted_values_are_read_after_a_commit(session: Connection) -> None:
    session.execute("create table big (t text)")
    session.execute("alter table big alter t set storage external")
    session.execute(
        "insert into big select repeat(md5(i::text), 1000) from"
        " generate_series(1, 5) as i"
    )
    procedure(
        session,
        "reads(out total int)",
        "let total = 0;\n"
        "for (let i = 0; i < 5; i++) {\n"
        "  for (const row of ctx.db.sync.query<{ t: string }>("
        "'select t from big')) total += row.t.length;\n"
        "  ctx.db.commit();\n"
        "}\nreturn total",
    )

    assert call(session, "call reads(null)") == (5 * 5 * 32000,)


def test_outputs_with_checks_after_a_commit(session: Connection) -> None:
    session.execute(
        "create function small(n int) returns bool language plpgsql as "
        "'begin return (select n < 10); end'"
    )
    session.execute("create domain little as int check (small(value))")
    procedure(
        session,
        "checked(inout a little, inout b text)",
        "ctx.db.commit(); return { a: Number(b), b }",
    )

    assert call(session, "call checked(1, '9')") == (9, "9")
    with refused("23514"):
        session.execute("call checked(1, '10')")


def test_isolation_level_and_lock_come_first_after_a_commit(table: Connection) -> None:
    procedure(
        table,
        "levels(out level text)",
        "ctx.db.sync.query('select 1'); ctx.db.commit();\n"
        "ctx.db.sync.exec('lock table t in exclusive mode');\n"
        "return ctx.db.sync.query<{ l: string }>("
        "\"select current_setting('transaction_isolation') as l\")[0]!.l",
    )

    assert call(table, "call levels(null)") == ("read committed",)


def test_local_settings_end_with_their_transaction(session: Connection) -> None:
    procedure(
        session,
        "sets(out first text, out second text)",
        "const get = () => ctx.db.sync.query<{ v: string }>("
        "\"select current_setting('work_mem') as v\")[0]!.v;\n"
        "ctx.db.sync.exec(\"set local work_mem = '123kB'\");\n"
        "const first = get(); ctx.db.commit();\n"
        "return { first, second: get() }",
    )

    first, second = call(session, "call sets(null, null)")
    assert first == "123kB"
    assert second != "123kB"


def test_read_only_handler_stays_read_only_after_a_commit(table: Connection) -> None:
    procedure(
        table,
        "reader(write bool)",
        "import { query } from '@stopgap/runtime';\n"
        "export default query(({ write }: any, ctx: any) => {\n"
        "  ctx.db.sync.query('select 1'); ctx.db.commit();\n"
        "  if (write) ctx.db.sync.exec('insert into t values (1)') })",
    )

    with refused("25006"):
        table.execute("call reader(true)")
    table.execute("call reader(false)")
    table.execute("insert into t values (2)")

    assert kept(table) == [2]


def test_transaction_that_was_read_only_is_followed_by_one_that_is_not(
    table: Connection,
) -> None:
    table.execute("set default_transaction_read_only = on")
    procedure_text = (
        "create procedure writes() language plts as $$"
        "ctx.db.sync.exec('set default_transaction_read_only = off');\n"
        "ctx.db.commit(); ctx.db.sync.exec('insert into t values (1)') $$"
    )
    table.execute("set transaction_read_only = off; " + procedure_text)

    table.execute("call writes()")

    assert kept(table) == [1]


def test_many_commits_keep_no_memory(table: Connection) -> None:
    procedure(
        table,
        "commits(n int)",
        "for (let i = 0; i < n!; i++) {\n"
        "  ctx.db.sync.exec('insert into t values ($1) on conflict do nothing', [i]);\n"
        "  ctx.db.commit();\n"
        "}",
    )
    table.execute("set synchronous_commit = off")
    used = "select sum(used_bytes)::bigint from pg_backend_memory_contexts"
    table.execute("call commits(500)")
    before = fetch(table, used)

    table.execute("call commits(2000)")

    assert fetch(table, used) < before + 500_000


def test_procedure_replaced_while_it_runs_goes_on(table: Connection) -> None:
    procedure(
        table,
        "replaces_itself(out n int)",
        "ctx.db.sync.exec(`create or replace procedure replaces_itself(out n int)"
        " language plts as 'return 2'`);\n"
        "ctx.db.commit();\n"
        "ctx.db.sync.query('select 1'); return 1",
    )

    assert call(table, "call replaces_itself(null)") == (1,)
    assert call(table, "call replaces_itself(null)") == (2,)


def test_dropped_procedure_goes_on_after_a_commit(table: Connection) -> None:
    procedure(
        table,
        "drops_itself(out n int)",
        "ctx.db.sync.exec('drop procedure drops_itself'); ctx.db.commit();\n"
        "return ctx.db.sync.query<{ n: number }>('select 3 as n')[0]!.n",
    )

    assert call(table, "call drops_itself(null)") == (3,)


def test_time_limit_spans_commits(session: Connection) -> None:
    procedure(session, "forever()", "for (;;) ctx.db.commit()")
    session.execute("set plts.max_runtime_ms = 50")

    with refused("57014") as refusal:
        session.execute("call forever()")

    assert "plts.max_runtime_ms" in refusal.message


def test_commit_from_plpgsql_loop_over_a_cursor(table: Connection) -> None:
    procedure(
        table,
        "one(a int)",
        "ctx.db.sync.exec('insert into t values ($1)', [a]); ctx.db.commit()",
    )

    # PL/pgSQL's loop keeps its portal pinned; a commit holds it.
    table.execute(
        "do $$ declare r record; begin for r in select generate_series(1, 3) as a loop"
        " call one(r.a); end loop; end $$"
    )

    assert kept(table) == [1, 2, 3]
