"""`ctx`: the arguments, the function, the time, the mode, and its end."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.plts.support import Connection, define, evaluate, fetch, refused


def test_arguments_by_name_position_and_length(shared: Connection) -> None:
    define(
        shared,
        "by_all(a int, b text) returns json",
        "export default (ctx: any) => [ctx.args.a, ctx.args.b, ctx.args[0], "
        "ctx.args[1], "
        "ctx.args.length]",
    )

    assert fetch(shared, "select by_all(1, 'x')") == [1, "x", 1, "x", 2]


def test_plain_body_has_ctx_args_too(shared: Connection) -> None:
    define(
        shared,
        "plain_args(a int, text) returns json",
        "return [ctx.args.a, ctx.args[1], ctx.args.length, a, $2]",
    )

    assert fetch(shared, "select plain_args(1, 'x')") == [1, "x", 2, 1, "x"]


def test_parameter_named_like_a_member_wins(shared: Connection) -> None:
    define(
        shared,
        'members("length" text, "1" text) returns json',
        "export default (ctx: any) => [ctx.args.length, ctx.args[0], ctx.args[1]]",
    )

    assert fetch(shared, "select members('l', 'one')") == ["l", "l", "one"]


def test_parameter_named_proto(shared: Connection) -> None:
    define(
        shared,
        'proto("__proto__" int) returns json',
        "export default (ctx: any) => "
        "[Object.keys(ctx.args).includes('__proto__'), ctx.args['__proto__']]",
    )

    assert fetch(shared, "select proto(5)") == [True, 5]


def test_single_jsonb_of_another_name_is_by_name(shared: Connection) -> None:
    define(
        shared,
        "other_name(payload jsonb) returns jsonb",
        "export default (ctx: any) => ctx.args.payload.a",
    )

    assert fetch(shared, "select other_name('{\"a\":1}')") == 1


def test_single_json_named_args_is_by_name(shared: Connection) -> None:
    define(
        shared,
        "json_args(args json) returns json",
        "export default (ctx: any) => ctx.args.args.a",
    )

    assert fetch(shared, "select json_args('{\"a\":1}')") == 1


def test_fn_is_the_function(connection: Connection) -> None:
    connection.execute('create schema "Odd ž"')
    define(
        connection,
        '"Odd ž"."a.b"() returns json',
        "return [ctx.fn.oid, ctx.fn.schema, ctx.fn.name, Object.isFrozen(ctx.fn)]",
    )

    oid = fetch(connection, 'select \'"Odd ž"."a.b"()\'::regprocedure::oid::int8')

    assert fetch(connection, 'select "Odd ž"."a.b"()') == [oid, "Odd ž", "a.b", True]


def test_now_is_the_start_of_the_transaction(connection: Connection) -> None:
    define(connection, "now_ts() returns text", "return ctx.now")
    connection.execute("set timezone = 'Asia/Tokyo'; set datestyle = 'German'")
    with connection.transaction():
        first = fetch(connection, "select now_ts()")
        connection.execute("select pg_sleep(0.01)")
        second = fetch(connection, "select now_ts()")
        same = fetch(connection, "select %s::text::timestamptz = now()", [first])

    assert first == second
    assert same is True
    assert datetime.fromisoformat(first).utcoffset() is not None


def test_ctx_that_was_kept_is_refused(connection: Connection) -> None:
    define(
        connection,
        "keeps(args jsonb) returns text",
        """
        let kept: any;
        export default (ctx: any) => {
            const before = kept;
            kept ??= { ctx, sync: ctx.db.sync };
            if (before === undefined) return "kept";
            const codes = [];
            for (const use of [
                () => before.sync.query("select 1"),
                () => before.sync.exec("select 1"),
                () => before.ctx.db.sync.query("select 1"),
            ]) {
                try { use(); codes.push("ran") } catch (e: any) { codes.push(e.code) }
            }
            return codes.join();
        };
        """,
    )

    first = fetch(connection, "select keeps('{}')")
    second = fetch(connection, "select keeps('{}')")

    assert (first, second) == ("kept", "55000,55000,55000")


@pytest.mark.parametrize("use", ["kept.query('select 1')", "kept.exec('select 1')"])
def test_kept_db_rejects(connection: Connection, use: str) -> None:
    define(
        connection,
        "keeps() returns text",
        f"""
        let kept: any;
        export default async (ctx: any) => {{
            if (kept === undefined) {{ kept = ctx.db; return "kept" }}
            try {{ await {use}; return "ran" }} catch (e: any) {{ return e.code }}
        }};
        """,
    )
    fetch(connection, "select keeps()")

    assert fetch(connection, "select keeps()") == "55000"


def test_ctx_of_the_outer_call_is_refused_in_the_inner(connection: Connection) -> None:
    define(
        connection,
        "nests(depth int) returns text",
        """
        let outer: any;
        export default (ctx: any) => {
            if (ctx.args.depth === 0) {
                try { outer.sync.query("select 1"); return "ran" }
                catch (e: any) { return "refused" }
            }
            outer = ctx.db;
            const inner = ctx.db.sync.query("select nests(0) as r")[0].r;
            return inner + " " + ctx.db.sync.query("select 'works' as w")[0].w;
        };
        """,
    )

    assert fetch(connection, "select nests(1)") == "refused works"


def test_methods_need_their_object(shared: Connection) -> None:
    body = """
        const query = (ctx.db as any).query;
        try { await query("select 1"); return "ran" } catch (e: any) { return e.name }
    """

    assert evaluate(shared, "text", body) == "TypeError"


def test_forged_token_is_refused(shared: Connection) -> None:
    body = """
        const Db: any = Object.getPrototypeOf(ctx.db).constructor;
        for (let token = 0; token < 100; token++) {
            try { new Db(token, "rw").sync.query("select 1") }
            catch { continue }
            return "ran with " + (token >= 0)
        }
        return "refused"
    """

    # A made-up object can at most be what the call has anyway.
    assert evaluate(shared, "text", body) in ("refused", "ran with true")


def test_forged_mode_does_not_make_a_query_write(connection: Connection) -> None:
    connection.execute("create table t (a int)")
    define(
        connection,
        "reads(args jsonb) returns jsonb",
        """
        import { query } from "@stopgap/runtime";
        export default query((_args: any, ctx: any) => {
            const Db: any = Object.getPrototypeOf(ctx.db).constructor;
            for (let token = 0; token < 1000; token++) {
                try { new Db(token, "rw").sync.exec("insert into t values (1)") }
                catch {}
            }
            return 1;
        });
        """,
    )

    fetch(connection, "select reads('{}')")

    assert fetch(connection, "select count(*) from t") == 0


@pytest.mark.parametrize(
    "access",
    ["ctx.args", "ctx.db", "ctx.fn", "ctx.now", "ctx.db.mode", "ctx.db.sync"],
)
def test_members_are_there(shared: Connection, access: str) -> None:
    assert evaluate(shared, "bool", f"return {access} !== undefined") is True


def test_arguments_validated_by_a_schema(connection: Connection) -> None:
    define(
        connection,
        "validated(args jsonb) returns jsonb",
        """
        import { query, v } from "@stopgap/runtime";
        export default query(v.object({ id: v.int(), name: v.optional(v.string()) }),
            ({ id, name }) => ({ id, name: name ?? "none" }));
        """,
    )

    assert fetch(connection, "select validated('{\"id\":1}')") == {
        "id": 1,
        "name": "none",
    }
    with refused("22023") as refusal:
        fetch(connection, 'select validated(\'{"id":"x","name":5}\')')
    text = refusal.message + refusal.detail
    assert "id" in text
    assert "name" in text


def test_unknown_key_is_refused_by_a_schema(connection: Connection) -> None:
    define(
        connection,
        "validated(args jsonb) returns jsonb",
        'import { query, v } from "@stopgap/runtime";\n'
        "export default query(v.object({ id: v.int() }), ({ id }) => id)",
    )

    with refused("22023"):
        fetch(connection, 'select validated(\'{"id":1,"other":2}\')')


def test_result_validated_by_a_schema(connection: Connection) -> None:
    define(
        connection,
        "validated(args jsonb) returns jsonb",
        'import { query, v } from "@stopgap/runtime";\n'
        "export default query({ args: v.object({}), returns: v.object({ n: "
        "v.int() }),\n"
        "  handler: () => ({ n: 'x' }) as any })",
    )

    with pytest.raises(Exception, match="n"):
        fetch(connection, "select validated('{}')")
