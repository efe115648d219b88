"""Hostile programs: at worst each ends its own session, never another's."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.plts.support import Connection, OpenSession, define, evaluate, fetch, refused

# Ends of a program that are harmless: it finished, was refused or stopped, or V8 gave
# up, and with it its one session.
MEMORY_STATES = {"53200", "54000", "54001", "38000", "57014", ""}

MEMORY_BOMBS = {
    "array of arrays": "const a: unknown[] = []; for (;;) a.push(new "
    "Array(1000).fill(0))",
    "array of objects": "const a: unknown[] = []; for (;;) a.push({ a: 1, b: [2] })",
    "strings": "const a: string[] = []; for (let i = 0; ; i++) a.push('x'.repeat(1000) "
    "+ i)",
    "doubling string": "let s = 'x'; for (;;) { s += s; s.charCodeAt(s.length >> 1) }",
    "flattened strings": (
        "const a: string[] = []; for (let i = 0; ; i++) "
        "{ const s = 'x'.repeat(2 ** 20) + i; a.push([...s].join('')) }"
    ),
    "map": "const m = new Map(); for (let i = 0; ; i++) m.set(i, { i })",
    "set": "const m = new Set(); for (let i = 0; ; i++) m.add('k' + i)",
    "closures": "let f = (): unknown => 1; for (;;) { const g = f; f = () => g }",
    "promises": "const a: unknown[] = []; for (;;) a.push(new Promise(() => {}))",
    "microtasks": (
        "const again = (): void => { queueMicrotask(again); "
        "queueMicrotask(again) }; again()"
    ),
    "array buffers": "const a: unknown[] = []; for (;;) a.push(new Uint8Array(2 "
    "** 20))",
    "small buffers": "const a: unknown[] = []; for (;;) a.push(new Uint8Array(64))",
    "caught": (
        "const a: unknown[] = []; for (;;) "
        "{ try { for (;;) a.push(new Array(1000).fill(0)) } catch {} }"
    ),
    "in finally": (
        "const a: unknown[] = []; for (;;) "
        "{ try { for (;;) a.push(new Array(1000).fill(0)) } finally { continue } }"
    ),
    "large array": "new Array(1e8).fill(0)",
    "array from": "Array.from({ length: 2 ** 27 }, (_, i) => ({ i }))",
    "spread": "const a = new Array(2 ** 24).fill(0); [...a, ...a, ...a, ...a, ...a, "
    "...a]",
    "split": "'a'.repeat(2 ** 28).split('')",
    "join": "new Array(2 ** 25).join('abcdefgh')",
    "JSON": "JSON.stringify(new Array(2 ** 24).fill('x'.repeat(100)))",
    "replace": "'a'.repeat(2 ** 28).replace(/a/g, 'bb')",
    "regular expression": "const s = 'a'.repeat(2 ** 26); s.match(/(?:(a)(a))*/g); "
    "s.split(/a/)",
    "BigInt power": "BigInt(2) ** BigInt(2 ** 30 - 1)",
    "BigInt shift": "1n << (2n ** 30n - 1n)",
    "BigInt text": "String(2n ** 8_000_000n)",
    "padding": "'x'.padEnd(2 ** 29 - 24, 'ab') + 'x'.padEnd(2 ** 29 - 24)",
    "object keys": "const o: any = {}; for (let i = 0; ; i++) o['k' + i] = i",
    "symbols": "const a: unknown[] = []; for (;;) a.push(Symbol('x'.repeat(1000)))",
    "structuredClone": "const a: unknown[] = [new Array(1e6).fill(1)]; for (;;) "
    "a.push(structuredClone(a))",
    "typed array fill": "const a: unknown[] = []; for (;;) a.push(new "
    "Float64Array(1e6).fill(1))",
    "error stacks": "const a: unknown[] = []; for (;;) a.push(new "
    "Error('x'.repeat(1000)))",
    "rows": (
        "const a: unknown[] = []; for (;;) "
        "a.push(ctx.db.sync.query('select g, repeat($1, 100) t from "
        "generate_series(1, 1000) g', ['x']))"
    ),
    "one large result": "ctx.db.sync.query('select g, g::text t from "
    "generate_series(1, 5000000) "
    "g')",
    "bytea": (
        "const a: unknown[] = []; for (;;) "
        "a.push(ctx.db.sync.query(\"select convert_to(repeat('x', 1000000), "
        "'UTF8') b\"))"
    ),
}

SLOW_BUILTINS = {
    "join of a huge array": "const a: number[] = []; a.length = 4294967295; a.join()",
    "reverse of a huge array": "const a: number[] = []; a.length = 4294967295; "
    "a.reverse()",
    "sort of a huge array": "const a: number[] = []; a.length = 4294967295; a.sort()",
    "indexOf in a huge array": (
        "const a: number[] = []; a.length = 4294967295; a[4294967290] = 1; a.indexOf(2)"
    ),
    "includes in a huge array": "const a: number[] = []; a.length = 4294967295; "
    "a.includes(2)",
    "fill": "new Array(1e8).fill(0)",
    "replace on a huge string": "'a'.repeat(2 ** 28).replace(/b/g, "
    "'c').replace(/a/g, '')",
    "regular expression": "/^(a+)+$/.test('a'.repeat(50) + 'b')",
    "nested quantifiers": "/(x+x+)+y/.test('x'.repeat(60))",
    "BigInt": "const n = 3n ** 500_000n; for (;;) n * n",
    "JSON of a deep getter": "JSON.stringify({ get a(): unknown { for (;;) {} } })",
    "array-like": "Array.prototype.map.call({ length: 2 ** 53 - 1 }, () => 1)",
    "apply": "Math.max.apply(null, { length: 2 ** 53 - 1 } as any)",
    "copyWithin": "const a: number[] = []; a.length = 4294967295; a.copyWithin(0, 1)",
    "lastIndexOf": "const a: number[] = []; a.length = 4294967295; a.lastIndexOf(2)",
    "locale compare": "'a'.repeat(2 ** 27).localeCompare('a'.repeat(2 ** 27) + 'b')",
    "normalize": "'\\u0344'.repeat(2 ** 26).normalize('NFKD')",
    "decode": "decodeURIComponent('%61'.repeat(2 ** 25))",
    "date format": "for (;;) new Date().toLocaleString('en')",
}

DEEP = {
    "recursion": "const f = (n: number): number => f(n + 1) + 1; return f(0)",
    "mutual recursion": (
        "const f = (n: number): number => g(n) + 1, g = (n: number): number "
        "=> f(n) + 1; return f(0)"
    ),
    "constructors": "class A { a = new A() } new A(); return 1",
    "getters": "const o: any = { get a(): any { return this.a } }; return o.a",
    "proxies": "let p: any = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); "
    "return p.x ?? 1",
    "toString": "const o: any = { toString(): string { return `${o}` } }; return "
    "String(o).length",
    "JSON.parse": "JSON.parse('['.repeat(1e6) + ']'.repeat(1e6)); return 1",
    "JSON.stringify": (
        "let a: unknown[] = []; for (let i = 0; i < 1e5; i++) a = [a]; "
        "return JSON.stringify(a).length"
    ),
    "regular expression": "new RegExp('('.repeat(1e5) + ')'.repeat(1e5)); return 1",
    "nested regular expression": "return /(?:(?:a?){99}){99}b/.test('a'.repeat(99)) "
    "? 1 : 0",
    "bind": "let f: any = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(null); "
    "return f()",
    "flat": "let a: any = []; for (let i = 0; i < 1e5; i++) a = [a]; return "
    "a.flat(Infinity).length",
    "structuredClone": "let a: any = []; for (let i = 0; i < 1e5; i++) a = [a]; "
    "structuredClone(a); return 1",
    "inspect": "let a: any = []; for (let i = 0; i < 1e5; i++) a = [a]; "
    "console.error(a); return 1",
    "thrown": "let e: any = 1; for (let i = 0; i < 1e5; i++) e = { e }; throw e",
    "concatenation": "let s = ''; for (let i = 0; i < 1e6; i++) s = s + 'a' + i; "
    "return "
    "s.length",
    "generators": (
        "function* g(n: number): any { yield* g(n + 1) } for (const _ of "
        "g(0)); return 1"
    ),
    "async": "const f = async (): Promise<number> => await f(); return await f()",
    "queries": "const f = (): number => { ctx.db.sync.query('select 1'); return f() }; "
    "return f()",
    "caught each time": (
        "const f = (): number => { try { return f() } catch { return f() } "
        "}; return 1 + 0 * 1"
    ),
}


@pytest.fixture
def bystander(open_session: OpenSession) -> Iterator[Connection]:
    """Another session, which must be undisturbed, on a server that must not restart."""
    observer = open_session()
    define(observer, "bystander() returns int", "return 42")
    observer.execute("select bystander()")
    started = fetch(observer, "select pg_postmaster_start_time()")
    yield observer
    assert fetch(observer, "select bystander()") == 42
    assert fetch(observer, "select pg_postmaster_start_time()") == started


def outcome(connection: Connection, statement: str) -> str | None:
    """Return the SQLSTATE that a statement ends with; empty is a lost connection."""
    try:
        connection.execute(statement.encode())
    except psycopg.Error as error:
        return error.sqlstate or ""
    return None


def works_again(session: Connection, open_session: OpenSession) -> bool:
    """Whether the session, or where it was lost the next one, runs functions."""
    if session.closed or session.broken:
        session = open_session()
    session.execute("reset statement_timeout")
    return bool(evaluate(session, "int", "return 1 + 1") == 2)


@pytest.mark.parametrize("body", MEMORY_BOMBS.values(), ids=MEMORY_BOMBS.keys())
def test_memory_bomb(
    bystander: Connection, open_session: OpenSession, body: str
) -> None:
    session = open_session()
    session.execute("set plts.max_heap_mb = 64; set statement_timeout = '2s'")
    define(session, "bomb() returns void", body)

    state = outcome(session, "select bomb()")

    assert state is None or state in MEMORY_STATES
    assert works_again(session, open_session)


@pytest.mark.parametrize("name", ["array of objects", "caught", "in finally", "map"])
def test_memory_error_is_53200_and_the_session_lives(
    session: Connection, name: str
) -> None:
    session.execute("set plts.max_heap_mb = 64")
    define(session, "bomb() returns void", MEMORY_BOMBS[name])

    for _ in range(2):
        with refused("53200") as refusal:
            session.execute("select bomb()")

    assert "64 MB" in refusal.detail
    assert evaluate(session, "int", "return 1 + 1") == 2


def test_memory_error_ends_every_frame(session: Connection) -> None:
    session.execute("set plts.max_heap_mb = 64")
    define(session, "bomb() returns void", MEMORY_BOMBS["array of objects"])
    body = """
        try { ctx.db.sync.query("select bomb()") } catch { return "caught" }
        return "none"
    """

    with refused("53200"):
        evaluate(session, "text", body)

    assert evaluate(session, "int", "return 1 + 1") == 2


def test_memory_error_is_caught_by_plpgsql(session: Connection) -> None:
    session.execute("set plts.max_heap_mb = 64")
    define(session, "bomb() returns void", MEMORY_BOMBS["array of objects"])
    session.execute(
        "create function tries() returns text language plpgsql as $$ begin "
        "perform bomb(); return 'none'; exception when out_of_memory then "
        "return 'caught'; end $$"
    )

    assert fetch(session, "select tries()") == "caught"
    assert evaluate(session, "int", "return 1 + 1") == 2


@pytest.mark.parametrize("body", SLOW_BUILTINS.values(), ids=SLOW_BUILTINS.keys())
def test_builtin_that_does_not_yield(
    bystander: Connection, open_session: OpenSession, body: str
) -> None:
    session = open_session()
    define(session, "slow() returns void", body)
    session.execute("set statement_timeout = '300ms'")

    state = outcome(session, "select slow()")

    assert state is None or state in MEMORY_STATES
    assert works_again(session, open_session)


def test_session_that_is_given_up_leaves_no_locks(
    bystander: Connection, open_session: OpenSession
) -> None:
    bystander.execute("create table t (a int)")
    session = open_session()
    define(
        session,
        "gives_up() returns void",
        "ctx.db.sync.exec('lock table t'); " + SLOW_BUILTINS["sort of a huge array"],
    )
    session.execute("set statement_timeout = '300ms'")

    state = outcome(session, "select gives_up()")

    bystander.execute("set lock_timeout = '5s'")
    bystander.execute("insert into t values (1)")
    assert state in ("57014", "")


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP.keys())
def test_deep(bystander: Connection, session: Connection, body: str) -> None:
    session.execute("set statement_timeout = '1s'")
    define(session, "deep() returns int", body)

    state = outcome(session, "select deep()")

    assert state is None or state in {"38000", "54001", "57014", "53200"}
    session.execute("reset statement_timeout")
    assert evaluate(session, "int", "return 1 + 1") == 2


def test_stack_overflow_is_a_catchable_range_error(session: Connection) -> None:
    body = """
        const f = (n: number): number => f(n + 1) + 1;
        try { return f(0) } catch (e) { return e instanceof RangeError ? -1 : -2 }
    """

    assert evaluate(session, "int", body) == -1


@pytest.mark.parametrize("depth", [100, 300, 400, 500, 600, 800])
def test_javascript_below_deep_plpgsql(
    bystander: Connection, session: Connection, depth: int
) -> None:
    body = """
        const f = (n: number): number => n === 0 ? 0 : f(n - 1) + 1;
        let text = "";
        const sql = "select 1 as a, now()::text as b";
        try { text = JSON.stringify(ctx.db.sync.query(sql)) }
        catch (e: any) { text = e.code }
        try { return f(2000) } catch { return f(2) }
    """
    define(session, "leaf() returns int", body)
    session.execute(
        "create function dig(n int) returns int language plpgsql as $$ begin "
        "if n = 0 then return leaf(); end if; return dig(n - 1); end $$"
    )

    state = outcome(session, f"select dig({depth})")

    assert state in (None, "54001", "38000")
    assert evaluate(session, "int", "return 1 + 1") == 2


def test_mutual_recursion_through_sql_ends(
    bystander: Connection, session: Connection
) -> None:
    define(
        session,
        "recurse(n int) returns int strict",
        "return ctx.db.sync.query<any>('select recurse($1) r', [n + 1])[0].r",
    )

    state = outcome(session, "select recurse(0)")

    # Each level takes a context, so memory may end it before the stack does.
    assert state in ("54001", "38000", "53200")
    assert evaluate(session, "int", "return 1 + 1") == 2


def test_recursion_through_the_driver_ends(
    bystander: Connection, session: Connection
) -> None:
    define(
        session,
        "recurse(n int) returns int strict",
        "return (await ctx.db.query<any>('select recurse($1) r', [n + 1]))[0].r",
    )

    state = outcome(session, "select recurse(0)")

    assert state in ("54001", "38000", "53200")
    assert evaluate(session, "int", "return 1 + 1") == 2


def test_small_stack_is_refused_not_crashed(
    bystander: Connection, session: Connection
) -> None:
    session.execute("set max_stack_depth = '100kB'")
    define_state = outcome(
        session, "create function s() returns int language plts as 'return 1'"
    )

    call_state = outcome(session, "select s()") if define_state is None else None

    session.execute("reset max_stack_depth")
    assert define_state in (None, "54001")
    assert call_state in (None, "54001")
    assert evaluate(session, "int", "return 1 + 1") == 2


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100_000,
        "[" * 50_000 + "]" * 50_000,
        "return " + "-" * 50_000 + "1",
        "return " + "!" * 100_000 + "1",
        "return " + "1+" * 20_000 + "1",
        "type A<T> = T extends any ? A<[T]> : never; let a: A<1>; return 1",
        "type F<N extends number, T extends 0[] = []> = T['length'] extends N ? T"
        " : F<N, [...T, 0]>; let a: F<100000>; return 1",
        "x" * 1_000_000,
        "\\u{" * 1000,
        "`${" * 5_000,
        "/" * 1000,
        "<a>" * 5_000,
        "\ufeff#!shebang",
        "a?.b" + "?.c" * 20_000,
        "if (1) " * 20_000,
    ],
    ids=range(15),
)
def test_source_that_is_hard_to_compile(
    bystander: Connection, open_session: OpenSession, source: str
) -> None:
    session = open_session()
    session.execute("set statement_timeout = '2s'")

    try:
        define(session, "hard() returns int", source)
        state = ""
    except psycopg.Error as error:
        state = error.sqlstate or "lost"

    assert state in {"", "42601", "42P13", "54001", "57014", "53200", "38000", "22021"}
    assert works_again(session, open_session)


def test_memory_bomb_does_not_take_the_compiler_with_it(session: Connection) -> None:
    session.execute("set plts.max_heap_mb = 64")
    define(session, "bomb() returns void", MEMORY_BOMBS["map"])
    with refused("53200"):
        session.execute("select bomb()")

    assert fetch(session, "select plts.typecheck_ts('export default () => 1')") == []


def test_values_that_attack_the_converters(
    bystander: Connection, session: Connection
) -> None:
    session.execute("create type pair as (x int, y int)")
    bodies = [
        ("pair", "return new Proxy({}, { get() { throw new Error('get') } }) as any"),
        (
            "pair",
            "const r = Proxy.revocable({}, {}); r.revoke(); return r.proxy as any",
        ),
        (
            "int[]",
            "const r = Proxy.revocable([], {}); r.revoke(); return r.proxy as any",
        ),
        (
            "int[]",
            "const a = [1, 2, 3]; Object.defineProperty(a, 1, "
            "{ get() { a.length = 0; return 5 } }); return a",
        ),
        (
            "jsonb",
            "const a: any[] = [1, 2, 3]; Object.defineProperty(a, 0, "
            "{ get() { a.length = 100; return 5 } }); return a",
        ),
        (
            "jsonb",
            "return new Proxy([], { get: (_t, k) => k === 'length' ? 2 ** 40 : 1 })",
        ),
        ("jsonb", "return { toJSON() { throw new Error('toJSON') } }"),
        ("jsonb", "return { toJSON() { return this } }"),
        ("jsonb", "const r = Proxy.revocable({}, {}); r.revoke(); return [r.proxy]"),
        (
            "json",
            "return Object.defineProperty({}, 'a', { enumerable: true, "
            "get() { delete (this as any).a; throw 1 } })",
        ),
        (
            "bytea",
            "const b = new Uint8Array(8); structuredClone(b.buffer, "
            "{ transfer: [b.buffer] }); return b",
        ),
        ("text", "return 'x'.repeat(2 ** 28)"),
        ("jsonb", "return 'x'.repeat(2 ** 28)"),
        ("jsonb", "return { ['k'.repeat(2 ** 28)]: 1 }"),
        ("json", "return Array(12).fill('\\u0001'.repeat(2 ** 22))"),
    ]
    for number, (returns, body) in enumerate(bodies):
        define(session, f"attacks_{number}() returns {returns}", body)

    session.execute("set statement_timeout = '1s'")
    for number, (_, body) in enumerate(bodies):
        assert outcome(session, f"select length(attacks_{number}()::text)") != "", body
    session.execute("reset statement_timeout")
    assert evaluate(session, "int", "return 1 + 1") == 2
