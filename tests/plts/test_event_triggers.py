"""Event triggers: what ctx.event says of a command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures.cluster import RunningCluster
from tests.plts.support import Connection, define, fetch, refused


@pytest.fixture
def session(shared: Connection) -> Iterator[Connection]:
    """A session whose database has no event triggers before and after."""
    shared.execute("create table if not exists told (what jsonb)")
    shared.execute("truncate told")
    yield shared
    shared.execute("drop event trigger if exists t")
    shared.execute("drop schema if exists play cascade")


def on(connection: Connection, event: str, body: str, when: str = "") -> None:
    """Make an event trigger that runs `body`."""
    define(connection, "on_event() returns event_trigger", body)
    connection.execute(
        f"create event trigger t on {event} {when} execute function on_event()".encode()
    )


def told(connection: Connection) -> list[Any]:
    """Return what the event trigger has written, in order."""
    return [row[0] for row in connection.execute("select what from told").fetchall()]


def tell(expression: str) -> str:
    """Return a body that writes the value of an expression."""
    return (
        "await ctx.db.exec('insert into told values ($1)', "
        f"[JSON.stringify({expression})])"
    )


@pytest.mark.parametrize("event", ["ddl_command_start", "ddl_command_end"])
def test_event_and_tag(session: Connection, event: str) -> None:
    on(session, event, tell("[ctx.event.event, ctx.event.tag, ctx.fn.name]"))

    session.execute("create schema play")
    session.execute("create table play.a (id int)")

    assert told(session) == [
        [event, "CREATE SCHEMA", "on_event"],
        [event, "CREATE TABLE", "on_event"],
    ]


def test_tags_can_be_filtered(session: Connection) -> None:
    on(
        session,
        "ddl_command_start",
        tell("ctx.event.tag"),
        "when tag in ('CREATE TABLE')",
    )

    session.execute("create schema play")
    session.execute("create table play.a (id int)")

    assert told(session) == ["CREATE TABLE"]


def test_commands_of_ddl_command_end(session: Connection) -> None:
    session.execute("create schema play")
    on(session, "ddl_command_end", tell("ctx.event.commands"))

    session.execute("create table play.a (id int primary key)")

    [commands] = told(session)
    oid = fetch(session, "select 'play.a'::regclass::oid")
    assert {
        "classid": fetch(session, "select 'pg_class'::regclass::oid"),
        "objid": oid,
        "objsubid": 0,
        "command_tag": "CREATE TABLE",
        "object_type": "table",
        "schema_name": "play",
        "object_identity": "play.a",
        "in_extension": False,
    } in commands
    assert "play.a_pkey" in [command["object_identity"] for command in commands]


def test_dropped_objects_of_sql_drop(session: Connection) -> None:
    session.execute("create schema play")
    session.execute("create table play.a (id int, name text)")
    on(session, "sql_drop", tell("ctx.event.droppedObjects"))

    session.execute("alter table play.a drop name")

    [[dropped]] = told(session)
    assert dropped == {
        "classid": fetch(session, "select 'pg_class'::regclass::oid"),
        "objid": fetch(session, "select 'play.a'::regclass::oid"),
        "objsubid": 2,
        "original": True,
        "normal": False,
        "is_temporary": False,
        "object_type": "table column",
        "schema_name": "play",
        "object_name": None,
        "object_identity": "play.a.name",
        "address_names": ["play", "a", "name"],
        "address_args": [],
    }


def test_rewrite_of_table_rewrite(session: Connection) -> None:
    session.execute("create schema play")
    session.execute("create table play.a (id int)")
    on(session, "table_rewrite", tell("[ctx.event.tag, ctx.event.rewrite]"))

    session.execute("alter table play.a alter id type bigint")

    oid = fetch(session, "select 'play.a'::regclass::oid")
    assert told(session) == [["ALTER TABLE", {"oid": oid, "reason": 4}]]


def test_the_functions_of_postgresql_work_through_ctx_db(session: Connection) -> None:
    on(
        session,
        "ddl_command_end",
        "const rows = await ctx.db.query<{ object_identity: string }>("
        "  'select object_identity from pg_event_trigger_ddl_commands()');"
        + tell("rows.map((row) => row.object_identity)"),
    )

    session.execute("create schema play")

    assert told(session) == [["play"]]


@pytest.mark.parametrize(
    ("event", "property_name"),
    [
        ("ddl_command_start", "commands"),
        ("ddl_command_start", "droppedObjects"),
        ("ddl_command_end", "droppedObjects"),
        ("ddl_command_end", "rewrite"),
    ],
)
def test_data_of_another_event_is_an_error(
    session: Connection, event: str, property_name: str
) -> None:
    on(session, event, f"void ctx.event.{property_name}")

    with refused("39P03"):
        session.execute("create schema play")


def test_an_exception_refuses_the_command(session: Connection) -> None:
    on(
        session,
        "ddl_command_start",
        "if (ctx.event.tag.startsWith('CREATE TABLE'))"
        " throw new Error(`${ctx.event.tag} is not allowed`)",
    )
    session.execute("create schema play")

    with refused("38000") as refusal:
        session.execute("create table play.a (id int)")

    assert refusal.message == "CREATE TABLE is not allowed"
    assert 'PL/TS function "public.on_event"' in refusal.context
    assert fetch(session, "select to_regclass('play.a')") is None


def test_a_dropped_object_can_be_refused(session: Connection) -> None:
    session.execute("create schema play")
    session.execute("create table play.keep (id int)")
    on(
        session,
        "sql_drop",
        "const kept = ctx.event.droppedObjects.find("
        "  ({ object_name, original }) => original && object_name === 'keep');"
        "if (kept) throw new Error(`${kept.object_identity} is kept`)",
    )

    with refused("38000") as refusal:
        session.execute("drop table play.keep")

    assert refusal.message == "play.keep is kept"


def test_an_event_trigger_that_runs_commands(session: Connection) -> None:
    session.execute("create schema play")
    on(
        session,
        "ddl_command_end",
        "for (const { object_type, object_identity } of ctx.event.commands) {"
        "  if (object_type !== 'table') continue;"
        "  if (object_identity.endsWith('_log')) continue;"
        "  await ctx.db.exec(`create table ${object_identity}_log (at timestamptz)`);"
        "}",
    )

    session.execute("create table play.a (id int)")

    assert fetch(session, "select to_regclass('play.a_log')") == "play.a_log"


def test_ctx_event_works_during_its_own_call_only(session: Connection) -> None:
    on(
        session,
        "ddl_command_end",
        "let kept: any; export default (ctx: EventTriggerCtx) => {"
        "  if (kept) void kept.commands; kept = ctx.event; }",
    )
    # What changes no type leaves the module as it is.
    session.execute("comment on table told is 'once'")

    with refused("55000"):
        session.execute("comment on table told is 'twice'")


def test_an_event_trigger_function_called_otherwise_is_refused(
    session: Connection,
) -> None:
    define(session, "on_event() returns event_trigger", "")

    with refused("0A000") as refusal:
        session.execute("select on_event()")

    assert refusal.message == (
        "event trigger function public.on_event can only be called as a trigger"
    )


@pytest.mark.parametrize(
    "body",
    [
        "return 1",
        "ctx.trigger.new",
        "ctx.event.tag = 'x'",
        "if (ctx.event.event === 'ddl') return",
    ],
)
def test_types_of_an_event_trigger_are_checked(session: Connection, body: str) -> None:
    with refused("42P13"):
        define(session, "typed_event() returns event_trigger", body)


def test_a_broken_event_trigger_leaves_the_session_usable(
    cluster: RunningCluster, session: Connection
) -> None:
    on(session, "ddl_command_end", "for (;;);")
    session.execute("set statement_timeout = 100")

    with refused("57014"):
        session.execute("create schema play")

    session.execute("reset statement_timeout")
    session.execute("drop event trigger t")
    session.execute("create schema play")
    assert json.dumps(told(session)) == "[]"
