"""The artifact store and the compiler's SQL functions."""

from __future__ import annotations

import re

import psycopg
import pytest

from tests.fixtures.cluster import Connect
from tests.plts.support import Connection, define, fetch, refused
from tests.plts.waiting import Running, eventually

SOURCE = "export default (ctx: any): number => 1;"
HASH = re.compile(r"sha256:[0-9a-f]{64}")


def store(connection: Connection, source: str = SOURCE, options: str = "{}") -> str:
    """Compile and store a source and return its hash."""
    return str(
        fetch(
            connection,
            "select plts.compile_and_store(%s::text, %s::jsonb)",
            [source, options],
        )
    )


def artifacts(connection: Connection) -> int:
    """Return how many artifacts there are."""
    return int(fetch(connection, "select count(*) from plts.artifact"))


def test_version_is_the_extensions(shared: Connection) -> None:
    installed = "select extversion from pg_extension where extname = 'plts'"

    assert fetch(shared, "select plts.version()") == fetch(shared, installed)


def test_compile_ts(shared: Connection) -> None:
    row = shared.execute("select * from plts.compile_ts(%s)", [SOURCE]).fetchone()

    assert row is not None
    compiled, diagnostics, fingerprint = row
    assert isinstance(compiled, str)
    assert "export default" in compiled
    assert ": number" not in compiled
    assert diagnostics == []
    assert fingerprint


def test_compile_ts_stores_nothing(connection: Connection) -> None:
    connection.execute("select plts.compile_ts(%s)", [SOURCE])

    assert artifacts(connection) == 0


def test_compile_ts_reports_diagnostics(shared: Connection) -> None:
    diagnostics = fetch(
        shared,
        "select (plts.compile_ts(%s)).diagnostics",
        ["const a: string = 1; export default a"],
    )

    assert diagnostics[0]["code"] == "TS2322"


def test_typecheck_ts_of_a_valid_source_is_empty(shared: Connection) -> None:
    assert fetch(shared, "select plts.typecheck_ts(%s::text)", [SOURCE]) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "\nexport const é: string = 1;",
            {"code": "TS2322", "line": 2, "column": 14, "phase": "semantic"},
        ),
        ("export default (", {"code": "TS1109", "line": 1, "phase": "syntax"}),
    ],
)
def test_diagnostic_has_its_fields(
    shared: Connection, source: str, expected: dict[str, object]
) -> None:
    diagnostic = fetch(shared, "select plts.typecheck_ts(%s::text)", [source])[0]

    assert expected.items() <= diagnostic.items()
    assert diagnostic["severity"] == "error"
    assert diagnostic["message"]
    assert diagnostic["source"] == 1


def test_typecheck_of_several_says_which(shared: Connection) -> None:
    sources = [
        SOURCE,
        "export const a: string = 1;",
        SOURCE,
        "export const b: number = '';",
    ]

    diagnostics = fetch(shared, "select plts.typecheck_ts(%s::text[])", [sources])

    assert [one["source"] for one in diagnostics] == [2, 4]


def test_many_sources_are_judged_as_few(shared: Connection) -> None:
    wrong = "export const a: string = 1;"
    # More than are compiled at once, in number and in size.
    small = [wrong, *[SOURCE] * 250, wrong]
    large = [f"export default () => [{'1,' * 30_000}].length;"] * 12

    diagnostics = fetch(
        shared, "select plts.typecheck_ts(%s::text[])", [[*small, *large, wrong]]
    )

    assert [(one["source"], one["code"]) for one in diagnostics] == [
        (1, "TS2322"),
        (252, "TS2322"),
        (265, "TS2322"),
    ]


def test_sources_that_fit_one_by_one_fit_together(shared: Connection) -> None:
    source = f"export default () => [{'1,' * 50_000}].length;"

    many = [source.replace("1", str(n), 1) for n in range(24)]

    assert fetch(shared, "select plts.typecheck_ts(%s::text[])", [many]) == []


def test_source_imports_another_however_far_from_it(connection: Connection) -> None:
    imported = "export const one: number = 1;"
    hash_of = fetch(connection, "select plts.artifact_hash(%s)", [imported])
    importing = (
        f'import {{ one }} from "plts+artifact:{hash_of}";\n'
        "export default (): number => one;"
    )
    between = [f"export default () => {n}" for n in range(250)]

    fetch(
        connection,
        "select plts.compile_and_store(%s::text[])",
        [[importing, *between, imported]],
    )

    assert artifacts(connection) == 252


def test_typecheck_of_none(shared: Connection) -> None:
    assert fetch(shared, "select plts.typecheck_ts('{}'::text[])") == []


def test_hash_is_known_without_compiling(connection: Connection) -> None:
    named = fetch(connection, "select plts.artifact_hash(%s)", [SOURCE])

    assert HASH.fullmatch(named)
    assert artifacts(connection) == 0
    assert store(connection) == named


def test_hash_is_stable_between_sessions_and_databases(
    connection: Connection, shared: Connection, connect: Connect
) -> None:
    hashes = {
        fetch(one, "select plts.artifact_hash(%s)", [SOURCE])
        for one in (connection, shared, connect())
    }

    assert len(hashes) == 1


def test_hash_covers_source_and_options(shared: Connection) -> None:
    hashes = {
        fetch(shared, "select plts.artifact_hash(%s, %s)", [source, options])
        for source in (SOURCE, SOURCE + " ")
        for options in ("{}", '{"noUnusedLocals": true}', '{"noUnusedLocals": false}')
    }

    assert len(hashes) >= 4


def test_hash_ignores_the_order_of_options(shared: Connection) -> None:
    one = '{"noUnusedLocals": true, "noUnusedParameters": true}'
    two = '{"noUnusedParameters":true,"noUnusedLocals":true}'

    hashes = {
        fetch(shared, "select plts.artifact_hash(%s, %s)", [SOURCE, o])
        for o in (one, two)
    }

    assert len(hashes) == 1


@pytest.mark.parametrize(
    "options",
    [
        '{"target": "ES5"}',
        '{"strict": false}',
        '{"noUnusedLocals": 1}',
        '{"x": true}',
        "[]",
        "1",
    ],
)
@pytest.mark.parametrize(
    "function", ["compile_ts", "typecheck_ts", "compile_and_store"]
)
def test_options_are_a_whitelist(
    shared: Connection, function: str, options: str
) -> None:
    with refused("22023"):
        shared.execute(
            f"select plts.{function}(%s::text, %s::jsonb)".encode(), [SOURCE, options]
        )


def test_options_have_their_effect(shared: Connection) -> None:
    source = "const unused = 1; export default () => 1"

    with refused("42P13"):
        store(shared, source, '{"noUnusedLocals": true}')


def test_compile_and_store_fills_the_row(connection: Connection) -> None:
    source = (
        "import { query } from '@stopgap/runtime'; export default query(() => "
        "1); export const b = 2"
    )
    stored = store(connection, source)

    row = fetch(connection, "select to_jsonb(a) from plts.artifact a")

    assert row["artifact_hash"] == stored
    assert row["source_ts"] == source
    assert row["compiler_opts"] == {}
    assert row["exports"]["default"]["kind"] == "query"
    assert row["imports"] == ["@stopgap/runtime"]
    assert row["diagnostics"] == []
    assert HASH.fullmatch(row["compiled_sha256"])
    assert '"version":3' in row["source_map"]
    hashed = (
        "select 'sha256:' || encode(sha256(convert_to(compiled_js, 'UTF8')), 'hex') "
        "from plts.artifact"
    )
    assert fetch(connection, hashed) == row["compiled_sha256"]


def test_storing_again_changes_nothing(connection: Connection) -> None:
    store(connection)
    before = fetch(connection, "select to_jsonb(a) from plts.artifact a")

    store(connection)

    assert fetch(connection, "select to_jsonb(a) from plts.artifact a") == before


def test_storing_what_does_not_compile_is_refused(connection: Connection) -> None:
    with refused("42601"):
        store(connection, "export default (")
    with refused("42P13"):
        store(connection, "export const a: string = 1")

    assert artifacts(connection) == 0


def test_storing_several_returns_hashes_in_order(connection: Connection) -> None:
    sources = [f"export default () => {number}" for number in (3, 1, 2, 1)]

    hashes = fetch(connection, "select plts.compile_and_store(%s::text[])", [sources])

    assert hashes == [
        fetch(connection, "select plts.artifact_hash(%s)", [source])
        for source in sources
    ]
    assert artifacts(connection) == 3


def test_one_bad_source_of_several_stores_none(connection: Connection) -> None:
    sources = [SOURCE, "export const a: string = 1", "export const b: number = ''"]

    with refused("42P13") as refusal:
        connection.execute("select plts.compile_and_store(%s::text[])", [sources])

    assert refusal.detail.count("TS2322") == 2
    assert artifacts(connection) == 0


def test_storing_none(connection: Connection) -> None:
    assert fetch(connection, "select plts.compile_and_store('{}'::text[])") == []


def test_create_function_stores_its_artifact(connection: Connection) -> None:
    define(connection, "f(a int) returns int strict", "return a + 1")

    source = fetch(connection, "select plts.artifact_source('f'::regproc)")
    stored = fetch(connection, "select artifact_hash from plts.artifact")

    assert fetch(connection, "select plts.artifact_hash(%s)", [source]) == stored
    assert fetch(connection, "select source_ts from plts.artifact") == source
    assert "a: number" in source
    assert store(connection, source) == stored


def test_source_of_a_module_is_its_text(connection: Connection) -> None:
    define(connection, "f() returns int", SOURCE)

    assert fetch(connection, "select plts.artifact_source('f'::regproc)") == SOURCE


def test_source_of_others_is_null(connection: Connection) -> None:
    stored = store(connection)
    define(
        connection,
        "p(args jsonb) returns jsonb",
        '{"plts":1,"kind":"artifact_ptr","artifact_hash":"'
        + stored
        + '","export":"default"}',
    )

    assert fetch(connection, "select plts.artifact_source('p'::regproc)") is None
    assert fetch(connection, "select plts.artifact_source('now'::regproc)") is None
    assert fetch(connection, "select plts.artifact_source(0)") is None


def test_changed_signature_of_a_plain_body_is_another_artifact(
    connection: Connection,
) -> None:
    define(connection, "f(a int) returns int strict", "return a")
    define(connection, "g(a text) returns text strict", "return a")

    assert artifacts(connection) == 2


def test_same_plain_body_shares_its_artifact(connection: Connection) -> None:
    define(connection, "f(a int) returns int strict", "return a")
    define(connection, "g(a int) returns int strict", "return a")

    assert artifacts(connection) == 1


def test_get_artifact(connection: Connection) -> None:
    stored = store(connection)

    assert (
        fetch(connection, "select plts.get_artifact(%s)", [stored])["source_ts"]
        == SOURCE
    )
    assert fetch(connection, "select plts.get_artifact('sha256:nope')") is None
    assert fetch(connection, "select plts.get_artifact(null)") is None


SUPPLIED = "export default () => 666;"


def test_supplied_javascript_has_a_domain_of_its_own(connection: Connection) -> None:
    supplied = fetch(
        connection, "select plts.upsert_artifact(%s, %s)", [SOURCE, SUPPLIED]
    )

    assert HASH.fullmatch(supplied)
    assert supplied != fetch(connection, "select plts.artifact_hash(%s)", [SOURCE])
    assert store(connection) != supplied
    other = fetch(
        connection, "select plts.upsert_artifact(%s, %s)", [SOURCE, SUPPLIED + " "]
    )
    assert other != supplied


def test_supplied_javascript_never_answers_for_a_source(connection: Connection) -> None:
    define(connection, "before() returns int", "return 1")
    source = fetch(connection, "select plts.artifact_source('before'::regproc)")
    connection.execute("drop function before; delete from plts.artifact")
    connection.execute("select plts.upsert_artifact(%s, %s)", [source, SUPPLIED])

    define(connection, "before() returns int", "return 1")

    assert fetch(connection, "select before()") == 1


def test_supplied_javascript_runs_through_a_pointer(connection: Connection) -> None:
    supplied = fetch(
        connection, "select plts.upsert_artifact(%s, %s)", [SOURCE, SUPPLIED]
    )
    define(
        connection,
        "p(args jsonb) returns jsonb",
        '{"plts":1,"kind":"artifact_ptr","artifact_hash":"'
        + supplied
        + '","export":"default"}',
    )

    assert fetch(connection, "select p('{}')") == 666


def test_supplying_the_same_again_changes_nothing(connection: Connection) -> None:
    hashes = {
        fetch(connection, "select plts.upsert_artifact(%s, %s)", [SOURCE, SUPPLIED])
        for _ in range(2)
    }

    assert len(hashes) == 1
    assert artifacts(connection) == 1


def test_recompile_stores_what_is_missing(connection: Connection) -> None:
    define(connection, "f() returns int", "return 1")
    define(connection, "g() returns int", SOURCE)
    before = fetch(
        connection, "select array_agg(artifact_hash order by 1) from plts.artifact"
    )
    connection.execute("delete from plts.artifact")

    first = fetch(connection, "select plts.recompile()")
    second = fetch(connection, "select plts.recompile()")

    assert (first, second) == (2, 0)
    after = fetch(
        connection, "select array_agg(artifact_hash order by 1) from plts.artifact"
    )
    assert after == before


def test_call_without_its_artifact_compiles_in_memory(
    connection: Connection, connect: Connect
) -> None:
    define(connection, "f() returns int", "return 5")
    connection.execute("delete from plts.artifact")

    assert fetch(connect(), "select f()") == 5
    assert artifacts(connection) == 0


def test_call_in_a_read_only_transaction(connection: Connection) -> None:
    define(connection, "f() returns int", "return 5")
    connection.execute("delete from plts.artifact")
    connection.execute("set default_transaction_read_only = on")

    assert fetch(connection, "select f()") == 5


def test_rolled_back_creation_stores_nothing(connection: Connection) -> None:
    with connection.transaction(force_rollback=True):
        define(connection, "f() returns int", "return 1")

    assert artifacts(connection) == 0
    define(connection, "f() returns int", "return 1")
    assert artifacts(connection) == 1


def test_validator_never_waits_for_another_session(
    connection: Connection, connect: Connect
) -> None:
    other = connect()
    with connection.transaction():
        define(connection, "f() returns int", "return 1")
        other.execute("set lock_timeout = '2s'; set statement_timeout = '20s'")

        define(other, "g() returns int", "return 1")
        assert fetch(other, "select g()") == 1

    assert fetch(other, "select g() + f()") == 2
    assert artifacts(connection) == 1


def test_validator_survives_the_rollback_of_the_other(
    connection: Connection, connect: Connect
) -> None:
    other = connect()
    with connection.transaction(force_rollback=True):
        define(connection, "f() returns int", "return 1")
        define(other, "g() returns int", "return 1")

    assert fetch(connect(), "select g()") == 1
    connection.execute("select plts.recompile()")
    assert artifacts(connection) == 1


def test_storing_waits_for_another_session_and_then_has_it(
    connection: Connection, connect: Connect
) -> None:
    other = connect()
    observer = connect()
    quoted = SOURCE.replace("'", "''")
    with connection.transaction():
        stored = store(connection)
        running = Running(other, f"select plts.compile_and_store('{quoted}'::text)")
        waiting = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"
        eventually(lambda: fetch(observer, waiting, [running.pid]) is True)

    assert running.finish() is None
    assert running.row == (stored,)
    assert artifacts(connection) == 1


def test_storing_waits_for_a_session_that_rolls_back(
    connection: Connection, connect: Connect
) -> None:
    other = connect()
    observer = connect()
    quoted = SOURCE.replace("'", "''")
    with connection.transaction(force_rollback=True):
        store(connection)
        running = Running(other, f"select plts.compile_and_store('{quoted}'::text)")
        waiting = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"
        eventually(lambda: fetch(observer, waiting, [running.pid]) is True)

    assert running.finish() is None
    assert artifacts(connection) == 1


@pytest.mark.parametrize("rolls_back", [False, True], ids=["commit", "rollback"])
@pytest.mark.parametrize("use", ["store", "create", "point"])
def test_artifact_that_is_being_deleted_is_waited_for(
    connection: Connection, connect: Connect, use: str, rolls_back: bool
) -> None:
    other = connect()
    observer = connect()
    define(connection, "before() returns int", "return 41 + 1")
    stored = fetch(connection, "select artifact_hash from plts.artifact")
    source = fetch(connection, "select source_ts from plts.artifact")
    connection.execute("drop function before()")
    pointer = f'{{"plts":1,"kind":"artifact_ptr","artifact_hash":"{stored}"}}'
    quoted = source.replace("'", "''")
    statement = {
        "store": f"select plts.compile_and_store('{quoted}'::text)",
        "create": "create function f() returns int language plts as 'return 41 + 1'",
        "point": f"create function f() returns int language plts as '{pointer}'",
    }[use]
    with connection.transaction(force_rollback=rolls_back):
        deleted = fetch(
            connection, "select count(*) from plts.delete_artifacts(%s)", [[stored]]
        )
        running = Running(other, statement)
        waiting = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"
        eventually(lambda: fetch(observer, waiting, [running.pid]) is True)
    error = running.finish()

    assert deleted == 1
    if use == "point" and not rolls_back:
        assert error is not None
        assert error.sqlstate == "42704"
        assert artifacts(connection) == 0
    else:
        assert error is None
        assert artifacts(connection) == 1
    if use == "create":
        assert fetch(connection, "select f()") == 42


def test_creating_the_same_in_two_sessions_at_once(connect: Connect) -> None:
    first, second = connect(), connect()
    for number in range(5):
        body = f"return {number}"
        runs = [
            Running(
                one,
                f"create function {name}_{number}() returns int language plts "
                f"as '{body}'",
            )
            for one, name in ((first, "a"), (second, "b"))
        ]
        assert [run.finish() for run in runs] == [None, None]

    assert artifacts(first) == 5


def test_code_of_an_artifact_is_not_evaluated_when_stored(
    connection: Connection,
) -> None:
    notices: list[object] = []
    connection.add_notice_handler(notices.append)

    store(connection, "console.error('evaluated'); throw 1; export default () => 1")
    define(connection, "f() returns int", "console.error('x'); export default () => 1")

    assert notices == []


def test_constraint_of_the_hash(connection: Connection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "insert into plts.artifact (artifact_hash, source_ts, compiled_js, "
            "compiled_sha256, compiler_opts, compiler_fingerprint) "
            "values ('nope', '', '', '', '{}', '')"
        )


def test_library_directory_is_a_folder_of_the_server(shared: Connection) -> None:
    folder = fetch(shared, "select plts.library_directory()")

    assert fetch(shared, "select count(*) > 0 from pg_ls_dir(%s)", [folder]) is True


def test_metadata_survives_dump(connection: Connection) -> None:
    configured = fetch(
        connection,
        "select extconfig::regclass[]::text from pg_extension where extname = 'plts'",
    )

    assert configured == "{plts.artifact}"
