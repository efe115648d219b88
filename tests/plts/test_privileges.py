"""What roles may do: create functions, call them, and read nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.plts.support import Connection, define, fetch, refused


@pytest.fixture
def outsider(connection: Connection) -> Iterator[Connection]:
    """A superuser's session with a role that has no rights of its own."""
    connection.execute("create role outsider")
    yield connection
    connection.execute("reset role; reset session authorization")
    connection.execute("drop owned by outsider; drop role outsider")


INTERNAL = [
    "plts.compile_ts('export default () => 1')",
    "plts.typecheck_ts('export default () => 1')",
    "plts.typecheck_ts(array['export default () => 1'])",
    "plts.artifact_hash('x')",
    "plts.artifact_source(0)",
    "plts.compile_and_store('export default () => 1')",
    "plts.compile_and_store(array['export default () => 1'])",
    "plts.upsert_artifact('x', 'y')",
    "plts.get_artifact('x')",
    "plts.store_what_compiles('{}', '{}')",
    "plts.recompile()",
    "plts.library_directory()",
    "plts.plts_validator(0)",
]


@pytest.mark.parametrize("call", INTERNAL)
def test_public_may_not_execute(outsider: Connection, call: str) -> None:
    outsider.execute("set role outsider")

    with refused("42501"):
        fetch(outsider, f"select {call}")


@pytest.mark.parametrize("call", ["plts.version()", "plts.metrics()"])
def test_public_may_execute(outsider: Connection, call: str) -> None:
    outsider.execute("set role outsider")

    assert fetch(outsider, f"select {call}") is not None


@pytest.mark.parametrize(
    "statement",
    [
        "select * from plts.artifact",
        "insert into plts.artifact (artifact_hash) values ('x')",
        "update plts.artifact set compiled_js = ''",
        "delete from plts.artifact",
        "truncate plts.artifact",
        "copy plts.artifact to stdout",
        "create table plts.mine (a int)",
        "create function plts.mine() returns int language sql as 'select 1'",
    ],
)
def test_public_may_not_touch_the_store(outsider: Connection, statement: str) -> None:
    outsider.execute("set role outsider")

    with refused("42501"):
        outsider.execute(statement.encode())


def test_language_is_not_usable_by_public(outsider: Connection) -> None:
    outsider.execute("grant create on schema public to outsider")
    outsider.execute("set role outsider")

    with refused("42501"):
        define(outsider, "f() returns int", "return 1")


def test_role_with_usage_creates_and_calls(outsider: Connection) -> None:
    outsider.execute("grant create on schema public to outsider")
    outsider.execute("grant usage on language plts to outsider")
    outsider.execute("set role outsider")

    define(outsider, "f() returns int", "return 1")

    assert fetch(outsider, "select f()") == 1
    outsider.execute("reset role")
    owner = (
        "select pg_get_userbyid(relowner) from pg_class where oid = "
        "'plts.artifact'::regclass"
    )
    assert fetch(outsider, "select count(*) from plts.artifact") == 1
    assert fetch(outsider, owner) == "postgres"


def test_caller_needs_no_right_but_execute(outsider: Connection) -> None:
    define(outsider, "f() returns int", "return 1")
    outsider.execute("set role outsider")

    assert fetch(outsider, "select f()") == 1


def test_execute_can_be_revoked(outsider: Connection) -> None:
    define(outsider, "f() returns int", "return 1")
    outsider.execute("revoke execute on function f from public")
    outsider.execute("set role outsider")

    with refused("42501"):
        fetch(outsider, "select f()")


def test_statements_run_with_the_callers_rights(outsider: Connection) -> None:
    outsider.execute("create table secret as select 1 as a")
    define(
        outsider, "reads() returns json", "return ctx.db.query('select * from secret')"
    )
    as_owner = fetch(outsider, "select reads()")
    outsider.execute("set role outsider")

    with refused("42501"):
        fetch(outsider, "select reads()")

    assert as_owner == [{"a": 1}]


def test_plan_of_another_role_is_not_run_with_its_rights(outsider: Connection) -> None:
    outsider.execute("create table secret as select 1 as a")
    define(
        outsider, "reads() returns json", "return ctx.db.query('select * from secret')"
    )
    for _ in range(7):
        fetch(outsider, "select reads()")
    outsider.execute("set role outsider")

    with refused("42501"):
        fetch(outsider, "select reads()")


def test_row_level_security_is_the_callers(outsider: Connection) -> None:
    outsider.execute(
        "create table rows as select 'outsider' as who union all select 'other'; "
        "alter table rows enable row level security; "
        "create policy own on rows using (who = current_user); "
        "grant select on rows to outsider"
    )
    define(
        outsider, "mine() returns json", "return ctx.db.query('select who from rows')"
    )
    everything = fetch(outsider, "select mine()")
    outsider.execute("set role outsider")

    assert len(everything) == 2
    assert fetch(outsider, "select mine()") == [{"who": "outsider"}]


def test_caller_reads_the_artifact_only_through_the_call(outsider: Connection) -> None:
    define(
        outsider,
        "f() returns text",
        "try { return String(ctx.db.sync.query('select compiled_js from "
        "plts.artifact').length) }"
        " catch (e: any) { return e.code }",
    )
    outsider.execute("set role outsider")

    assert fetch(outsider, "select f()") == "42501"


def test_artifact_cannot_be_imported(outsider: Connection) -> None:
    stored = fetch(outsider, "select plts.compile_and_store('export default () => 1')")

    for name in (stored, f"plts:{stored}"):
        with refused("42P13"):
            define(
                outsider, "f() returns int", f'import f from "{name}"; export default f'
            )


@pytest.mark.parametrize(
    "setting",
    [
        "plts.max_runtime_ms",
        "plts.max_heap_mb",
        "plts.max_sql_bytes",
        "plts.max_params",
        "plts.max_query_rows",
        "plts.log_level",
    ],
)
def test_limits_are_the_administrators(outsider: Connection, setting: str) -> None:
    value = fetch(outsider, f"select current_setting('{setting}')")
    outsider.execute("set role outsider")

    with refused("42501"):
        outsider.execute("select set_config(%s, %s, false)", [setting, value])


def test_upsert_is_for_superusers_even_when_granted(outsider: Connection) -> None:
    outsider.execute("grant execute on function plts.upsert_artifact to outsider")
    outsider.execute("set role outsider")

    with refused("42501"):
        fetch(outsider, "select plts.upsert_artifact('x', 'export default () => 1')")
