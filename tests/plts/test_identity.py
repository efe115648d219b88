"""Who calls: `ctx.user`, and the privileges that are in force."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.plts.support import Connection, define, evaluate, fetch, refused

ROLES = ("plts_alice", "plts_bob", "plts_owner")


@pytest.fixture
def roles(connection: Connection) -> Iterator[Connection]:
    """A superuser's session with three plain roles that may use the language."""
    for role in ROLES:
        connection.execute(f"create role {role}".encode())
        connection.execute(f"grant usage on language plts to {role}".encode())
        connection.execute(f"grant create, usage on schema public to {role}".encode())
    yield connection
    connection.execute("reset role")
    connection.execute("reset session authorization")
    for role in ROLES:
        connection.execute(f"drop owned by {role}".encode())
        connection.execute(f"drop role {role}".encode())


def test_user_is_told_as_sql_tells_it(roles: Connection) -> None:
    define(roles, "who() returns json", "return ctx.user")
    me = fetch(roles, "select session_user")

    assert fetch(roles, "select who()") == {"session": me, "role": me, "current": me}
    roles.execute("set role plts_alice")
    assert fetch(roles, "select who()") == {
        "session": me,
        "role": "plts_alice",
        "current": "plts_alice",
    }


def test_role_is_whom_the_session_acts_for_in_security_definer(
    roles: Connection,
) -> None:
    define(roles, "who() returns json security definer", "return ctx.user")
    roles.execute("alter function who() owner to plts_owner")
    me = fetch(roles, "select session_user")
    roles.execute("set role plts_alice")

    assert fetch(roles, "select who()") == {
        "session": me,
        "role": "plts_alice",
        "current": "plts_owner",
    }


def test_user_follows_session_authorization(roles: Connection) -> None:
    define(roles, "who() returns json", "return ctx.user")
    roles.execute("set session authorization plts_bob")

    assert set(fetch(roles, "select who()").values()) == {"plts_bob"}


def rows_of(connection: Connection, role: str, call: str) -> object:
    """Call as a role, as a pooler does it."""
    connection.execute(f"set role {role}".encode())
    try:
        return fetch(connection, f"select {call}")
    finally:
        connection.execute("reset role")


@pytest.mark.parametrize(
    "body",
    [
        "return (await ctx.db.query<any>('select v from t')).map((r) => r.v)",
        "const all: string[] = []; for await (const r of"
        " ctx.db.cursor<any>('select v from t')) all.push(r.v); return all",
        "return ctx.db.savepoint(async (db) =>"
        " (await db.query<any>('select v from t')).map((r) => r.v))",
    ],
    ids=["query", "cursor", "savepoint"],
)
def test_row_security_of_the_caller_is_in_force(roles: Connection, body: str) -> None:
    roles.execute(
        "create table t (owner name, v text); grant select on t to public; "
        "alter table t enable row level security; "
        "create policy own on t using (owner = current_user); "
        "insert into t values ('plts_alice', 'a'), ('plts_bob', 'b'), "
        "('plts_owner', 'o')"
    )
    handler = f"export default async (ctx: Ctx) => {{ {body} }}"
    define(roles, "mine() returns text[]", handler)
    define(roles, "definers() returns text[] security definer", handler)
    roles.execute("alter function definers() owner to plts_owner")

    for _ in range(2):  # the second round has the plans of the first
        assert rows_of(roles, "plts_alice", "mine()") == ["a"]
        assert rows_of(roles, "plts_bob", "mine()") == ["b"]
        assert rows_of(roles, "plts_alice", "definers()") == ["o"]


def test_privileges_of_the_caller_are_in_force(roles: Connection) -> None:
    roles.execute("create table t (a int); grant select on t to plts_alice")
    define(
        roles,
        "count_t() returns int",
        "return (await ctx.db.query('select a from t')).length",
    )

    assert rows_of(roles, "plts_alice", "count_t()") == 0
    with refused("42501"):
        rows_of(roles, "plts_bob", "count_t()")
    roles.execute("revoke select on t from plts_alice")
    with refused("42501"):
        rows_of(roles, "plts_alice", "count_t()")


def test_role_changed_by_a_statement_is_in_force_for_the_next(
    roles: Connection,
) -> None:
    roles.execute("create table t (a int)")
    body = """
        const codes: unknown[] = [];
        for (const role of ["none", "plts_alice", "none"]) {
            await ctx.db.exec(`set local role ${role}`);
            try { codes.push((await ctx.db.query("select a from t")).length) }
            catch (error: any) { codes.push(error.code) }
        }
        return codes
    """

    assert evaluate(roles, "json", body) == [0, "42501", 0]


def test_advisory_locks(roles: Connection) -> None:
    body = """
        await ctx.db.query("select pg_advisory_xact_lock(7, 8)");
        return (await ctx.db.query<any>("select count(*)::int n from pg_locks where " +
            "locktype = 'advisory' and classid = 7 and objid = 8"))[0].n
    """

    assert evaluate(roles, "int", body) == 1
    assert fetch(roles, "select count(*) from pg_locks where locktype='advisory'") == 0


def test_advisory_lock_of_a_failed_savepoint_is_freed(roles: Connection) -> None:
    body = """
        try {
            await ctx.db.savepoint(async (db) => {
                await db.query("select pg_advisory_xact_lock(7, 8)");
                throw new Error("x");
            });
        } catch {}
        return (await ctx.db.query<any>("select count(*)::int n from pg_locks where " +
            "locktype = 'advisory'"))[0].n
    """

    assert evaluate(roles, "int", body) == 0


def test_notify_reaches_a_listener_with_the_commit(roles: Connection) -> None:
    roles.execute("listen news")
    body = """
        await ctx.db.exec("select pg_notify('news', $1)", ["kept"]);
        await ctx.db.exec("notify news, 'as a command'");
        try {
            await ctx.db.savepoint(async (db) => {
                await db.exec("select pg_notify('news', 'undone')");
                throw new Error("x");
            });
        } catch {}
    """
    evaluate(roles, "void", body)

    heard = [n.payload for n in roles.notifies(timeout=10, stop_after=2)]
    heard += [n.payload for n in roles.notifies(timeout=0)]
    assert heard == ["kept", "as a command"]
