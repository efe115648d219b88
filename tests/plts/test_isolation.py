"""Contexts: one for each role, frozen, and without what must not be there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.cluster import Connect
from tests.plts.support import Connection, define, evaluate, fetch, refused

COUNTER = "let n = 0; export default () => ++n"


@pytest.fixture
def roles(connection: Connection) -> Iterator[Connection]:
    """A superuser's session, and two roles that may use the language."""
    connection.execute("create role iso_a; create role iso_b")
    connection.execute("grant usage on language plts to iso_a, iso_b")
    connection.execute("grant all on schema public to iso_a, iso_b")
    yield connection
    connection.execute("reset session authorization; reset role")
    connection.execute("drop owned by iso_a, iso_b cascade; drop role iso_a, iso_b")


def call_as(connection: Connection, role: str, statement: str) -> object:
    """Run a statement after SET ROLE and return its value."""
    connection.execute(f"set role {role}".encode())
    try:
        return fetch(connection, statement)
    finally:
        connection.execute("reset role")


def test_each_role_has_a_context_of_its_own(roles: Connection) -> None:
    define(roles, "counts() returns int", COUNTER)

    results = [
        call_as(roles, role, "select counts()")
        for role in ("iso_a", "iso_b", "iso_a", "iso_a", "iso_b", "postgres")
    ]

    assert results == [1, 1, 2, 3, 2, 1]


def test_a_role_that_is_new_after_a_collection(roles: Connection) -> None:
    define(roles, "counts() returns int", COUNTER)
    first = call_as(roles, "iso_a", "select counts()")
    # So much that lives makes V8 look at all of its heap.
    much = "const a: object[] = []; for (let i = 0; i < 1e6; i++) a.push({ i })"
    evaluate(roles, "int", f"{much}; return a.length")

    later = [call_as(roles, role, "select counts()") for role in ("iso_b", "iso_a")]

    assert [first, *later] == [1, 1, 2]


def test_security_definer_runs_in_its_owners_context(roles: Connection) -> None:
    define(roles, "counts() returns int", COUNTER)
    roles.execute(
        "create function counts_for_b() returns int language sql security definer "
        "as 'select counts()'"
    )
    roles.execute("alter function counts_for_b owner to iso_b")

    results = [
        call_as(roles, "iso_a", "select counts()"),
        call_as(roles, "iso_a", "select counts_for_b()"),
        call_as(roles, "iso_b", "select counts()"),
        call_as(roles, "iso_a", "select counts()"),
    ]

    assert results == [1, 1, 2, 2]


def test_security_definer_plts_function(roles: Connection) -> None:
    define(
        roles,
        "who() returns text security definer",
        "return ctx.db.sync.query<any>('select current_user::text u')[0].u",
    )
    roles.execute("alter function who owner to iso_b")

    assert call_as(roles, "iso_a", "select who()") == "iso_b"


def test_microtask_of_one_role_never_runs_for_another(roles: Connection) -> None:
    define(
        roles,
        "plants() returns int",
        "void (async () => { for (let i = 0; i < 5; i++) await null; "
        "console.error(ctx.db.sync.query<any>('select current_user::text "
        "u')[0].u) })();"
        "throw new Error('leaves a microtask')",
    )
    define(roles, "innocent() returns int", "await null; return 1")
    notices: list[str | None] = []
    roles.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    with refused("38000"):
        call_as(roles, "iso_a", "select plants()")

    call_as(roles, "iso_b", "select innocent()")

    assert "iso_b" not in notices


def test_dropped_and_recreated_role(connection: Connection) -> None:
    define(connection, "counts() returns int", COUNTER)
    results = []
    for _ in range(2):
        connection.execute("create role iso_short")
        connection.execute("grant usage on schema public to iso_short")
        results.append(call_as(connection, "iso_short", "select counts()"))
        connection.execute("drop owned by iso_short")
        connection.execute("drop role iso_short")

    assert results == [1, 1]


def test_more_roles_than_are_kept(connection: Connection) -> None:
    define(connection, "counts() returns int", COUNTER)
    names = [f"iso_many_{number}" for number in range(12)]
    for name in names:
        connection.execute(f"create role {name}".encode())
    try:
        first = [call_as(connection, name, "select counts()") for name in names]
        second = call_as(connection, names[-1], "select counts()")
    finally:
        for name in names:
            connection.execute(f"drop role {name}".encode())

    assert first == [1] * 12
    assert second == 2


def test_isolation_by_call(connection: Connection) -> None:
    define(connection, "counts() returns int", COUNTER)
    connection.execute("set plts.isolation = call")
    by_call = [fetch(connection, "select counts()") for _ in range(3)]

    connection.execute("set plts.isolation = session")
    by_session = [fetch(connection, "select counts()") for _ in range(3)]

    assert by_call == [1, 1, 1]
    assert by_session == [1, 2, 3]


def test_isolation_by_call_of_nested_calls(connection: Connection) -> None:
    connection.execute("set plts.isolation = call")
    define(
        connection,
        "fact(n int) returns int strict",
        "if (n <= 1) return 1;\n"
        "return n * (await ctx.db.query<any>('select fact($1) f', [n - 1]))[0].f",
    )

    assert fetch(connection, "select fact(6)") == 720


POISONINGS = [
    "Array.prototype.map = (() => []) as any",
    "Array.prototype.poison = 1",
    "(Object.prototype as any).poison = 1",
    "Object.prototype.toString = () => 'x'",
    "Function.prototype.call = null",
    "Promise.prototype.then = null",
    "JSON.parse = () => 1",
    "JSON.extra = 1",
    "Math.random = () => 4",
    "String.prototype.trim = null",
    "Map.prototype.get = null",
    "Error.prototype.message = 'x'",
    "Symbol.prototype.description = 1",
    "Reflect.get = null",
    "Date.now = () => 0",
    "RegExp.prototype.exec = null",
    "Uint8Array.prototype.set = null",
    "console.error = null",
    "console.extra = 1",
    "crypto.randomUUID = null",
    "performance.now = null",
    "URL.prototype.toString = null",
    "TextEncoder.prototype.encode = null",
    "globalThis.poison = 1",
    "globalThis.Array = null",
    "globalThis.undefined = 1",
    "globalThis.console = null",
    "delete globalThis.Array",
    "delete Array.prototype.map",
    "Object.defineProperty(Array.prototype, 'map', { value: null })",
    "Object.defineProperty(globalThis, 'poison', { value: 1 })",
    "Object.setPrototypeOf(Array.prototype, {})",
    "Object.setPrototypeOf(globalThis, {})",
    "Object.getPrototypeOf(async function () {}).constructor.poison = 1",
    "Object.getPrototypeOf(function* () {}).prototype.next = null",
    "Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())).poison = 1",
    "Object.getPrototypeOf(ctx.db).query = null",
    "Object.getPrototypeOf(ctx).constructor.poison = 1",
    "ctx.fn.name = 'x'",
    "array.push = null as never, Object.getPrototypeOf(array).poison = 1",
    "Intl.DateTimeFormat.prototype.format = null",
    "Object.getPrototypeOf(Int8Array).from = null",
    "runtime.SqlError.prototype.poison = 1",
    "runtime.v.string = null",
    "runtime.query.poison = 1",
    "runtime.v.string().constructor.poison = 1",
]


@pytest.mark.parametrize("poison", POISONINGS)
def test_shared_objects_are_frozen(shared: Connection, poison: str) -> None:
    body = f"""
        // @ts-nocheck
        import * as runtime from "@stopgap/runtime";
        const array = [];
        export default (ctx) => {{
            try {{ {poison} }}
            catch (e) {{ return e instanceof TypeError ? "refused" : String(e) }}
            return "done";
        }};
    """

    assert evaluate(shared, "text", body) == "refused"


@pytest.mark.parametrize(
    "override",
    [
        "const o: any = {}; o.toString = () => 'mine'; return String(o)",
        "const o: any = {}; o.constructor = 1; return 'mine'",
        "const e: any = new Error('x'); e.name = 'mine'; return e.name",
        "const e: any = new Error('x'); e.message = 'mine'; return e.message",
        "class A { toString() { return 'mine' } } return String(new A())",
        "class E extends Error { name = 'mine' } return new E().name",
        "const f: any = () => 1; Object.defineProperty(f, 'name', { value: "
        "'mine' }); return f.name",
        "const o = Object.assign({}, { toString: () => 'mine' }); return o.toString()",
        "function F(this: any) {} F.prototype.toString = () => 'mine'; "
        "return String(new (F as any)())",
        "const o: any = Object.create(Array.prototype); o.toString = () => "
        "'mine'; return `${o}`",
    ],
)
def test_override_mistake_is_dealt_with(shared: Connection, override: str) -> None:
    assert evaluate(shared, "text", override) == "mine"


ABSENT = [
    "WebAssembly",
    "SharedArrayBuffer",
    "Atomics",
    "setTimeout",
    "setInterval",
    "setImmediate",
    "process",
    "require",
    "module",
    "Buffer",
    "fetch",
    "XMLHttpRequest",
    "Deno",
    "Bun",
    "natives",
    "gc",
    "d8",
    "print",
    "importScripts",
    "__core-js_shared__",
    "DOMException",
    "plv8",
]


@pytest.mark.parametrize("name", ABSENT)
def test_global_is_absent(shared: Connection, name: str) -> None:
    body = (
        f"return {name!r} in globalThis || typeof (globalThis as any)[{name!r}] "
        f"!== 'undefined'"
    )

    assert evaluate(shared, "bool", body) is False


COMPILES_TEXT = [
    "(globalThis as any).eval('1')",
    "(0, eval)('1')",
    "eval('1')",
    "new Function('return 1')()",
    "Function('return 1')()",
    "(function () {}).constructor('return 1')()",
    "(async function () {}).constructor('return 1')()",
    "(function* () {}).constructor('return 1')()",
    "(async function* () {}).constructor('return 1')()",
    "(() => {}).constructor('return 1')()",
    "(class {}).constructor('return 1')()",
    "Reflect.construct(Function, ['return 1'])()",
    "Object.getPrototypeOf(ctx.db.query).constructor('return 1')()",
    "[].map.constructor('return 1')()",
    "Reflect.construct((function () {}).constructor as any, ['return 1'])()",
    "console.log.constructor('return globalThis')()",
    "setTimeout('1', 0)",
]


@pytest.mark.parametrize("code", COMPILES_TEXT)
def test_text_does_not_become_code(shared: Connection, code: str) -> None:
    body = f"""
        // @ts-nocheck
        export default (ctx) => {{
            try {{ return String({code}) }} catch (e) {{ return "refused: " + e.name }}
        }};
    """

    assert str(evaluate(shared, "text", body)).startswith("refused")


@pytest.mark.parametrize(
    "module", ["fs", "node:fs", "./other", "plts:x", "zod", "data:,1"]
)
@pytest.mark.parametrize("unchecked", ["", "// @ts-nocheck\n"])
def test_nothing_outside_of_the_database_can_be_imported(
    shared: Connection, module: str, unchecked: str
) -> None:
    for text in (
        f'import * as m from "{module}"; export default () => m && 1',
        f'export default () => import("{module}").catch(() => 1)',
    ):
        with refused("42P13"):
            evaluate(shared, "int", unchecked + text)


def test_modules_do_not_see_each_other(connection: Connection) -> None:
    define(
        connection,
        "first() returns int",
        "const secret = 42; export default () => secret",
    )
    define(
        connection,
        "second() returns text",
        "return typeof (globalThis as any).secret",
    )
    connection.execute("select first()")

    assert fetch(connection, "select second()") == "undefined"


def test_plain_bodies_share_nothing(connection: Connection) -> None:
    define(
        connection,
        "leaks() returns int",
        "// @ts-nocheck\nvar leaked = 1; function alsoLeaked() {}; return leaked",
    )
    connection.execute("select leaks()")

    body = (
        "return [typeof (globalThis as any).leaked, typeof (globalThis as "
        "any).alsoLeaked]"
    )
    assert evaluate(connection, "json", body) == ["undefined", "undefined"]


def test_bodies_are_strict_code(shared: Connection) -> None:
    body = """
        // @ts-nocheck
        export default () => {
            try { undeclared = 1 } catch (e) { return e.name }
            return "sloppy";
        };
    """

    assert evaluate(shared, "text", body) == "ReferenceError"


def test_this_is_undefined(shared: Connection) -> None:
    body = "return (function (this: unknown) { return typeof this })()"

    assert evaluate(shared, "text", body) == "undefined"


def test_ctx_of_another_role_is_out_of_reach(
    roles: Connection, connect: Connect
) -> None:
    define(
        roles,
        "keeps(args jsonb) returns jsonb",
        "// @ts-nocheck\nlet kept; export default (ctx) => "
        "{ const had = kept !== undefined; kept = ctx; return had }",
    )

    results = [
        call_as(roles, role, "select keeps('{}')")
        for role in ("iso_a", "iso_b", "iso_a")
    ]

    assert results == [False, False, True]


def test_a_context_is_made_after_large_buffers(session: Connection) -> None:
    define(
        session,
        "allocate() returns int",
        "return new Uint8Array(64 << 20).fill(1).length",
    )
    # V8 would collect them while it makes the context, and crash.
    for _ in range(10):
        session.execute("select allocate()")
    session.execute("create role large_buffers superuser")

    session.execute("set role large_buffers")
    length = fetch(session, "select allocate()")

    session.execute("reset role")
    session.execute("drop role large_buffers")
    assert length == 64 << 20


def loads_of(connection: Connection, roles: range) -> list[int]:
    """Call a function that counts its calls under each role, in turn."""
    counts = []
    for number in roles:
        connection.execute(f"set role kept_{number}".encode())
        counts.append(fetch(connection, "select counted()"))
        connection.execute("reset role")
    return counts


@pytest.fixture
def counting(session: Connection) -> Iterator[Connection]:
    """A session with twelve roles, and a function whose module counts its calls."""
    schema = fetch(session, "select current_schema()")
    for number in range(12):
        session.execute(f"create role kept_{number}".encode())
        session.execute(f"grant usage on schema {schema} to kept_{number}".encode())
    define(
        session,
        "counted() returns int",
        "let calls = 0; export default () => ++calls",
    )
    yield session
    session.execute("reset all; reset role")
    session.execute("drop function counted()")
    for number in range(12):
        session.execute(f"drop owned by kept_{number}".encode())
        session.execute(f"drop role kept_{number}".encode())


def test_roles_that_fit_keep_what_they_have_loaded(counting: Connection) -> None:
    counting.execute("set plts.max_roles_kept = 12")

    assert loads_of(counting, range(11)) == [1] * 11
    assert loads_of(counting, range(11)) == [2] * 11


def test_role_that_was_used_longest_ago_starts_anew(counting: Connection) -> None:
    counting.execute("set plts.max_roles_kept = 4")
    loads_of(counting, range(8))

    assert loads_of(counting, range(7, 5, -1)) == [2, 2]
    assert loads_of(counting, range(1)) == [1]


def test_contexts_of_roles_make_room_for_others(counting: Connection) -> None:
    counting.execute("set plts.max_heap_mb = 16; set plts.max_roles_kept = 100")

    assert loads_of(counting, range(12)) == [1] * 12
