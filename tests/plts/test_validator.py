"""CREATE FUNCTION: diagnostics with a place, forms, kinds and pointers."""

from __future__ import annotations

import json

import pytest

from tests.plts.support import Connection, define, evaluate, fetch, refused

MISSING = "sha256:" + "0" * 64


def position_of(statement: str, marker: str) -> str:
    """Return the position, from one, of the first `marker` in the statement."""
    return str(statement.index(marker) + 1)


@pytest.mark.parametrize(
    ("head", "body", "marker", "sqlstate"),
    [
        ("returns int", "return MARK +", "$$;", "42601"),
        ("returns int", "const x: string = 1; return 1", "x: string", "42P13"),
        ("returns int", "\n\n  return missing_name", "missing_name", "42P13"),
        ("returns int", "const é = '😀'; return missing_name", "missing_name", "42P13"),
        ("returns int", "return 'text'", "return 'text'", "42P13"),
        ("returns int", "export default () => missing_name", "missing_name", "42P13"),
        (
            "returns int",
            "import { nothing } from '@stopgap/runtime'; export default () => nothing",
            "nothing }",
            "42P13",
        ),
    ],
)
def test_cursor_points_at_the_place(
    shared: Connection, head: str, body: str, marker: str, sqlstate: str
) -> None:
    statement = f"create function misplaced() {head} language plts as $${body}$$;"

    with refused(sqlstate) as refusal:
        shared.execute(statement.encode())

    if marker != "$$;":
        position = refusal.diagnostic.statement_position
        assert position == position_of(statement, marker)


def test_message_and_detail_are_typescripts(shared: Connection) -> None:
    with refused("42P13") as refusal:
        define(
            shared,
            "two() returns int",
            "const a: string = 1;\nconst b: number = 'x';\nreturn 1",
        )

    assert refusal.message.startswith("TS2322: Type 'number' is not assignable")
    assert refusal.detail.splitlines() == [
        "line 1, column 7: TS2322: Type 'number' is not assignable to type 'string'.",
        "line 2, column 7: TS2322: Type 'string' is not assignable to type 'number'.",
    ]


def test_quoted_body_has_a_position_too(shared: Connection) -> None:
    statement = (
        "create function quoted() returns int language plts as 'return missing_name'"
    )

    with refused("42P13") as refusal:
        shared.execute(statement)

    assert refusal.diagnostic.statement_position == position_of(
        statement, "missing_name"
    )


def test_nothing_is_created_or_stored_on_an_error(connection: Connection) -> None:
    with refused("42P13"):
        define(connection, "broken() returns int", "return 'x'")

    assert fetch(connection, "select to_regproc('broken')") is None
    assert fetch(connection, "select count(*) from plts.artifact") == 0


@pytest.mark.parametrize(
    "body",
    [
        "} evil(); {",
        "return 1 } export default () => 2; {",
        "return 1 }\nfunction evil() { return 2",
        "} /*",
        "*/ return 1 }",
        "return 1 } // ",
        "return 1; }); evil(() => {",
        "`} ${1} {",
        "return 1\n}; throw 1; {",
        "} catch {",
        "return 1 } ; { ",
        "}",
        "{",
    ],
)
def test_body_cannot_leave_its_function(shared: Connection, body: str) -> None:
    with refused("42601"):
        evaluate(shared, "int", body)


@pytest.mark.parametrize(
    "body",
    [
        "() => 1",
        "function f() { return 1 }",
        "async () => 1",
        "(ctx) => 1",
        "(function () {})",
    ],
)
def test_body_that_is_only_a_function_is_told_what_to_write(
    shared: Connection, body: str
) -> None:
    with refused("42P13") as refusal:
        evaluate(shared, "int", body)

    assert "export default" in refusal.message


def test_module_without_a_default_export_is_refused(shared: Connection) -> None:
    with refused("42P13"):
        evaluate(shared, "int", "export const a = 1")


@pytest.mark.parametrize("value", ["1", "{ a: 1 }", "'text'", "class {}"])
def test_default_export_that_cannot_be_called_is_refused(
    shared: Connection, value: str
) -> None:
    with refused("42P13"):
        evaluate(shared, "int", f"export default {value}")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("export default () => 1", "mutation"),
        (
            "import { query } from '@stopgap/runtime'; export default query(() => 1)",
            "query",
        ),
        (
            "import { mutation } from '@stopgap/runtime'; export default "
            "mutation(() => 1)",
            "mutation",
        ),
        (
            "import { query as q } from '@stopgap/runtime'; const f = q(() => 1); "
            "export { f as default }",
            "query",
        ),
        (
            "import * as r from '@stopgap/runtime'; export default r.query(() => 1)",
            "query",
        ),
        (
            "export default Object.assign(() => 1, { kind: 'query' as const })",
            "mutation",
        ),
    ],
)
def test_kind_is_recorded(connection: Connection, body: str, kind: str) -> None:
    define(connection, "kinds(args jsonb) returns jsonb", body)

    exports = fetch(connection, "select exports from plts.artifact")

    assert exports["default"]["kind"] == kind


def test_check_function_bodies_off_checks_and_stores_nothing(
    connection: Connection,
) -> None:
    connection.execute("set check_function_bodies = off")
    define(connection, "later() returns int", "return missing_name")
    define(connection, "works() returns int", "return 5")

    assert fetch(connection, "select count(*) from plts.artifact") == 0
    assert fetch(connection, "select works()") == 5
    assert fetch(connection, "select count(*) from plts.artifact") == 0
    with refused("42P13"):
        fetch(connection, "select later()")


def pointer(artifact_hash: str, **more: object) -> str:
    """Return the text of a pointer."""
    return json.dumps(
        {
            "plts": 1,
            "kind": "artifact_ptr",
            "artifact_hash": artifact_hash,
            "export": "default",
            "mode": "stopgap_deployed",
            **more,
        }
    )


def test_pointer_runs_its_artifact(connection: Connection) -> None:
    stored = fetch(
        connection,
        "select plts.compile_and_store('export default (ctx: any) => ctx.args.n + 1')",
    )
    define(connection, "points(args jsonb) returns jsonb", pointer(stored))

    assert fetch(connection, "select points('{\"n\":1}')") == 2


@pytest.mark.parametrize(
    ("body", "sqlstate"),
    [
        (pointer(MISSING), "42704"),
        (pointer("sha256:abc"), "42P13"),
        (pointer("md5:" + "0" * 64), "42P13"),
        (pointer("sha256:" + "G" * 64), "42P13"),
        ('{"plts":1,"kind":"artifact_ptr"}', "42P13"),
        ('{"plts":1,"kind":"other","artifact_hash":"' + MISSING + '"}', "42P13"),
        ('{"plts":2,"kind":"artifact_ptr","artifact_hash":"' + MISSING + '"}', "42P13"),
        (pointer(MISSING)[:-1], "42601"),
        ('{"plts":1,', "42601"),
        ("[" + pointer(MISSING) + "]", "42P13"),
    ],
)
def test_bad_pointer_is_refused(shared: Connection, body: str, sqlstate: str) -> None:
    with refused(sqlstate):
        define(shared, "points(args jsonb) returns jsonb", body)


def test_pointer_to_a_missing_export_is_refused(connection: Connection) -> None:
    stored = fetch(
        connection, "select plts.compile_and_store('export default () => 7')"
    )

    with refused("42883"):
        define(
            connection,
            "points(args jsonb) returns jsonb",
            pointer(stored, export="nope"),
        )


def test_artifact_that_went_missing_is_an_error_at_the_call(
    connection: Connection,
) -> None:
    stored = fetch(
        connection, "select plts.compile_and_store('export default () => 7')"
    )
    define(connection, "points(args jsonb) returns jsonb", pointer(stored))
    connection.execute("delete from plts.artifact")

    with refused("42704"):
        fetch(connection, "select points('{}')")


def test_options_of_strictness_hold(shared: Connection) -> None:
    with refused("42P13"):
        evaluate(shared, "int", "const f = (a) => a; return f(1)")


def test_unused_names_are_allowed(shared: Connection) -> None:
    assert evaluate(shared, "int", "const unused = 1; return 2") == 2


def test_alter_does_not_compile(connection: Connection) -> None:
    define(connection, "f() returns int", "return 1")
    before = fetch(connection, "select plts.metrics()")["compile"]["calls"]

    connection.execute("alter function f stable")
    connection.execute("select f()")

    assert fetch(connection, "select plts.metrics()")["compile"]["calls"] == before
