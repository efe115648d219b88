"""jsonb that is read where it lies behaves as the plain object that it stands for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.cluster import RunningCluster
from tests.plts.support import Connection, define, fetch, refused

# Beyond what is converted whole.
FILLING = "x" * 600

# Everything that JavaScript can do to an object, as functions of one: what they return,
# or throw, and what the object is afterwards must not depend on how it is read.
OPERATIONS = [
    "d",
    "d.a",
    "d.absent",
    "d['']",
    "d.b === d.b && d.large === d.large && d.list === d.list",
    "d.large.inner === d.large.inner",
    "d.list[0]",
    "d.list[1].n",
    "d.list[-1]",
    "d.list['01']",
    "d.list[1.5]",
    "d.list.at(-1)",
    "d.list.length",
    "d.list.length = 1",
    "d.list.length = 0, d.list",
    "d.list[d.list.length + 2] = 'hole', d.list",
    "d.list.push(1, 2)",
    "d.list.pop()",
    "d.list.shift()",
    "d.list.unshift('first')",
    "d.list.splice(1, 2, 'spliced')",
    "d.list.reverse()",
    "d.list.slice(1, 3)",
    "d.list.concat([1], d.list)",
    "d.list.flat()",
    "d.list.map((x: any) => typeof x)",
    "d.list.filter((x: any) => typeof x === 'object')",
    "d.list.reduce((n: any) => n + 1, 0)",
    "d.list.indexOf('e')",
    "d.list.includes(null)",
    "d.list.join()",
    "d.list.toString()",
    "d.list.sort()",
    "d.list.fill(0)",
    "d.list.copyWithin(0, 1)",
    "d.list.toReversed()",
    "d.list.entries().next()",
    "[...d.list.keys()].length",
    "d.list.findLast((x: any) => typeof x === 'number')",
    "[...d.list]",
    "Array.from(d.list)",
    "Array.isArray(d.list)",
    "Array.isArray(d)",
    "d.list instanceof Array",
    "d.list.constructor === Array",
    "(([first, ...rest]) => [rest, first])(d.list)",
    "(({ a, ...rest }) => [rest, a])(d)",
    "({ ...d })",
    "Object.assign({}, d)",
    "Object.assign(d, { a: 'changed', z: 1 })",
    "Object.keys(d)",
    "Object.values(d)",
    "Object.entries(d)",
    "Object.fromEntries(Object.entries(d))",
    "Object.getOwnPropertyNames(d.list)",
    "Object.getOwnPropertyDescriptor(d, 'a')",
    "Object.getOwnPropertyDescriptor(d, 'absent')",
    "Object.getOwnPropertyDescriptor(d.list, 'length')",
    "Object.getOwnPropertyDescriptors(d)",
    "Object.getOwnPropertySymbols(d)",
    "Object.hasOwn(d, 'a')",
    "d.hasOwnProperty('absent')",
    "d.propertyIsEnumerable('a')",
    "'a' in d",
    "'absent' in d",
    "'toString' in d",
    "0 in d.list",
    "99 in d.list",
    "'length' in d.list",
    "Symbol.iterator in d.list",
    "Symbol.iterator in d",
    "(() => { const keys: any[] = []; for (const key in d) keys.push(key);"
    " return keys })()",
    "(() => { let n = 0; for (const x of d.list) n += typeof x === 'number' ? x : 1;"
    " return n })()",
    "(() => { for (const x of d) return x })()",
    "d.a = 'changed'",
    "d.fresh = d",
    "delete d.a",
    "delete d.absent",
    "delete d.list[1]",
    "delete d.list.length",
    "d.large.inner.n = 5",
    "d.large = null",
    "d.__proto__ === Object.prototype",
    "(d.__proto__ = null, Object.getPrototypeOf(d))",
    "Object.getPrototypeOf(d) === Object.prototype",
    "Object.setPrototypeOf(d, { inherited: 1 }).inherited",
    "Object.setPrototypeOf(d.list, null)",
    "Object.freeze(d), d.a = 1",
    "Object.isFrozen(d)",
    "Object.isFrozen(Object.freeze(d))",
    "Object.isExtensible(d)",
    "Object.preventExtensions(d), d.z = 1",
    "Object.seal(d), delete d.a",
    "Object.defineProperty(d, 'a', { get() { return 'got' }, enumerable: true }).a",
    "Object.defineProperty(d, 'hidden', { value: 1 })",
    "Object.defineProperty(d.list, 'length', { writable: false }), d.list.push(1)",
    "Object.create(d).a",
    "(() => { const o: any = Object.create(d); o.a = 'own'; return [o.a, d.a, {"
    " ...o }] })()",
    "(() => { const o = Object.freeze(Object.create(d)); o.a = 'own' })()",
    "Reflect.ownKeys(d)",
    "Reflect.get(d, 'a', 1)",
    "Reflect.set(d, 'a', 2, {})",
    "Reflect.has(d, 'large')",
    "JSON.stringify(d)",
    "JSON.stringify(d, null, 2)",
    "JSON.stringify(d.list, ['n'])",
    "JSON.stringify({ nested: [d.large, d.list] })",
    "structuredClone(d)",
    "structuredClone(d) === d",
    "String(d)",
    "`${d.list}`",
    "d + ''",
    "+d.list",
    "d == d",
    "d.valueOf() === d",
    "typeof d",
    "typeof d.list",
    "Object.prototype.toString.call(d)",
    "Object.prototype.toString.call(d.list)",
    "d.toString()",
    "d.toLocaleString()",
    "d.missing.deeper",
    "d.a()",
    "d()",
    "new d()",
    "d?.large?.inner?.n",
    "new Map(Object.entries(d)).get('a')",
    "new Set(d.list).size",
    "new Set(d.list).has(d.list[1])",
    "new WeakMap([[d, 1]]).get(d)",
    "Array.prototype.map.call(d, String)",
    "Array.prototype.push.call(d, 1)",
    "Math.max(...d.numbers)",
    "d.numbers.map((x: any) => x * 2)",
    "d.numbers.at(50)",
    "d.numbers.sort((a: any, b: any) => b - a).slice(0, 3)",
    "d.big + 1n",
    "d.fraction",
    "d.tiny",
    "d['__proto__']",
    "Object.hasOwn(d, '__proto__')",
    "d.constructor",
    "d.é",
    "d['\\ud83d\\ude00']",
    "d['\\ud83d']",
    "d['a\\0']",
    "d[Symbol.toPrimitive]",
    "d[5]",
    "d['5']",
    "Object.keys(d)[0]",
    "(Object as any).groupBy?.(d.list, (x: any) => typeof x)",
    "Promise.resolve(d) instanceof Promise",
    "console.log(d)",
    "Object.is(d.list[3], -0)",
    "d.then",
    "d.toJSON",
    "(() => { let n = 0; for (let i = 0; i < 300; i++) n += d.numbers[i % 100];"
    " return n })()",
    "(() => { const seen = d.large; for (let i = 0; i < 50; i++) d.a;"
    " return seen === d.large })()",
    "(() => { const first = d.list[1]; for (const x of d.list);"
    " return first === d.list[1] })()",
]

DOCUMENT: dict[str, Any] = {
    "a": 1,
    "": "empty",
    "b": {"c": [1, 2]},
    "large": {"inner": {"n": 1, "filling": FILLING}, "filling": FILLING},
    "list": ["e", {"n": 7}, [8, [9]], 0, None, True, {"filling": FILLING}, 1.5, -3],
    "numbers": list(range(200)),
    "filling": FILLING,
    "big": 9007199254740993,
    "fraction": 0.1,
    "tiny": 1e-300,
    "é": "acute",
    "😀": "smile",
    "5": "index",
    "constructor": "member",
    "toString": "text",
    "__proto__": {"x": 1},
}
del DOCUMENT["toString"]

# `lazy` is a document; `text` the same as JSON, of which every large one is plain.
COMPARE = """
const show = (value: any, depth = 0): string => {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `function ${value.name}`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return typeof value + String(value);
  if (depth > 6) return "deep";
  const name = Object.prototype.toString.call(value);
  const keys = Reflect.ownKeys(value).map((key) => {
    const p = Object.getOwnPropertyDescriptor(value, key)!;
    const flags = [p.writable, p.enumerable, p.configurable].map(Number).join("");
    return `${String(key)}:${flags}=${"value" in p ? show(p.value, depth + 1) : "get"}`;
  });
  const extensible = Object.isExtensible(value) ? "" : " fixed";
  return `${name}${extensible}{${keys.join()}}`;
};
const after = (d: any): string => {
  let outcome;
  try {
    outcome = show(operation(d));
  } catch (error: any) {
    // The words of V8's own errors are not the language's.
    outcome = error.name;
  }
  return `${outcome} then ${show(d)}`;
};
return [after(lazy), after(plain(text))];
"""

# A large integer is a bigint in both.
PLAIN = """
const plain = (text: string): any =>
  JSON.parse(text, (key, value) => (key === "big" ? 9007199254740993n : value));
"""


def compare(connection: Connection, operation: str) -> tuple[str, str]:
    define(
        connection,
        "compare(lazy jsonb, text text) returns text[] strict",
        PLAIN + f"const operation = (d: any): any => ({operation});" + COMPARE,
    )
    document = json.dumps(DOCUMENT)
    lazy, plain = fetch(
        connection,
        "select compare(d, d::text) from (select %s::jsonb) x (d)",
        [document],
    )
    return lazy, plain


@pytest.mark.parametrize("operation", OPERATIONS)
def test_lazy_document_is_like_a_plain_one(shared: Connection, operation: str) -> None:
    lazy, plain = compare(shared, operation)

    assert lazy == plain


KEYS = st.sampled_from(["a", "b", "list", "object", "0", "1", "length", "é"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(
        lambda x: x != int(x) if abs(x) < 1e300 else False
    )
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
    | st.just(FILLING)
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=40) | st.dictionaries(KEYS, inner, max_size=8)
    ),
    max_leaves=60,
)
# What is done to a document, to what was read from it before, or to what that gave.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "get",
                "has",
                "set",
                "delete",
                "keys",
                "spread",
                "length",
                "push",
                "freeze",
                "walk",
                "text",
                "up",
            ]
        ),
        KEYS,
    ),
    max_size=25,
)

RANDOM_STEPS = """
const act = (root: any): string => {
  const seen: string[] = [];
  const path: any[] = [root];
  for (const [what, key] of steps) {
    const d = path.at(-1);
    try {
      if (what === "up") { if (path.length > 1) path.pop(); continue; }
      let value: any;
      if (what === "get") value = d[key];
      if (what === "has") value = key in d;
      if (what === "set") value = d[key] = key.length;
      if (what === "delete") value = delete d[key];
      if (what === "keys") value = Object.keys(d);
      if (what === "spread") value = Array.isArray(d) ? [...d] : { ...d };
      if (what === "length") value = d.length;
      if (what === "push") value = d.push(key);
      if (what === "freeze") value = Object.freeze(d) === d;
      if (what === "walk") for (const x of d) value = x;
      if (what === "text") value = JSON.stringify(d);
      seen.push(JSON.stringify(value) ?? "undefined");
      if (what === "get" && typeof value === "object" && value) path.push(value);
    } catch (error: any) {
      seen.push(error.name);
    }
  }
  return seen.join("; ");
};
const first = act(lazy);
const plain = JSON.parse(text);
const second = act(plain);
return { same: first === second, first, second, lazy, plain };
"""


def test_no_sequence_of_operations_tells_lazy_from_plain(shared: Connection) -> None:
    define(
        shared,
        "act(lazy jsonb, text text, steps jsonb) returns jsonb strict",
        RANDOM_STEPS,
    )

    @settings(max_examples=300, deadline=None, database=None)
    @given(DOCUMENTS, STEPS)
    def check(document: object, steps: list[tuple[str, str]]) -> None:
        outcome = fetch(
            shared,
            "select act(d, d::text, %s) from (select %s::jsonb) x (d)",
            [json.dumps(steps), json.dumps([FILLING, document])],
        )
        assert outcome["first"] == outcome["second"]
        assert outcome["lazy"] == outcome["plain"]

    check()


# A document of some kilobytes that depends on a number g, and a row with the seventh.
BIG = "jsonb_build_object('n', g, 'filling', repeat('x', 2000), 'list', "
BIG += "(select jsonb_agg(jsonb_build_object('i', i)) from generate_series(1, 200) i))"
ONE_BIG = f"(select {BIG} as d from generate_series(7, 7) g) x"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return d", "d"),
        ("return d.list", "(d -> 'list')"),
        ("return { a: 1, inner: d, z: [d.list] }", None),
        ("return [d, d.list, d.filling]", None),
        ("d.n; return d", "d"),
        ("d.list[0].i = 5; return d", "jsonb_set(d, '{list,0,i}', '5')"),
        ("d.list.push(5); return d", "jsonb_insert(d, '{list,-1}', '5', true)"),
        ("d.n = d.n; return d", "d"),
        ("Object.freeze(d); return d", "d"),
        ("JSON.stringify(d); return d", "d"),
        ("for (const x of d.list) x.i; return d", "d"),
        ("return new Proxy(d, {})", "d"),
        ("return structuredClone(d)", "d"),
        ("return { ...d }", "d"),
    ],
)
def test_document_passed_on_is_the_same(
    shared: Connection, body: str, expected: str | None
) -> None:
    expected = (
        expected
        or {
            "return { a: 1, inner: d, z: [d.list] }": (
                "jsonb_build_object('a', 1, 'inner', d, 'z',"
                " jsonb_build_array(d -> 'list'))"
            ),
            "return [d, d.list, d.filling]": (
                "jsonb_build_array(d, d->'list', d->'filling')"
            ),
        }[body]
    )
    define(shared, "pass_on(d jsonb) returns jsonb strict", body.replace("x.i", "x"))

    # As bytes: equal documents that are stored differently are not the same.
    same = fetch(
        shared,
        f"select jsonb_send(pass_on(d)) = jsonb_send({expected})"
        f" and pg_column_size(pass_on(d)) = pg_column_size({expected})"
        f" and pass_on(d) @> {expected} and {expected} @> pass_on(d)"
        f" from (select {BIG} as d from generate_series(7, 7) g) x",
    )

    assert same is True


def test_document_passed_through_json_and_text_types(shared: Connection) -> None:
    define(shared, "to_json_type(d jsonb) returns json strict", "return d")
    define(shared, "to_rows(d jsonb) returns jsonb[] strict", "return [d, d.list]")
    define(shared, "to_ints(d jsonb) returns int[] strict", "return d")
    shared.execute("drop type if exists has_document cascade")
    shared.execute("create type has_document as (n int, filling text)")
    define(
        shared,
        "to_composite(d jsonb) returns has_document strict",
        "const { n, filling } = d; return { n, filling }",
    )

    row = shared.execute(
        "select to_json_type(d)::jsonb = d, to_rows(d) = array[d, d -> 'list'],"
        " (to_composite(d)).n, (to_ints((select jsonb_agg(i) from"
        f" generate_series(1, 500) i)))[500] from (select {BIG} as d"
        " from generate_series(7, 7) g) x"
    ).fetchone()

    assert row == (True, True, 7, 500)


def test_document_is_a_parameter_as_it_is(shared: Connection) -> None:
    define(
        shared,
        "through_sql(d jsonb) returns bool strict",
        "const sql = 'select $1::jsonb = $2::jsonb and $3::jsonb = $2::jsonb->$4"
        " and $5::int[] is not null as same';"
        "const ids = d.list.map((x: any) => x.i);"
        "const given = [d, { ...d }, d.list, 'list', ids];"
        "return ctx.db.sync.query<any>(sql, given)[0].same",
    )

    assert fetch(
        shared,
        f"select through_sql(d) from {ONE_BIG}",
    )


def test_lazy_array_is_an_array_parameter(shared: Connection) -> None:
    define(
        shared,
        "sum_of(d jsonb) returns int strict",
        "return ctx.db.sync.query<any>('select sum(x)::int as s from unnest($1::int[])"
        " x', [d])[0].s",
    )

    assert (
        fetch(
            shared,
            "select sum_of(jsonb_agg(i)) from generate_series(1, 1000) i",
        )
        == 500500
    )


KEEPER = """
let kept: any;
export default function (ctx: Ctx<any>) {
  if (ctx.args?.keep) { kept = ctx.args; return kept.keep; }
  if (ctx.args?.part) { kept = ctx.args.list; return kept.length; }
  if (ctx.args?.row) {
    kept = ctx.db.sync.query<any>(ctx.args.row)[0].d;
    return kept.n;
  }
  return ctx.args?.write ? [kept] : kept.n ?? kept[0];
}
"""


@pytest.mark.parametrize("reading", ["{}", '{"write": true}'])
@pytest.mark.parametrize(
    "keeping", ["jsonb_build_object('keep', 1)", "jsonb_build_object('part', 1)"]
)
def test_argument_kept_beyond_its_call_is_an_error_that_says_so(
    session: Connection, keeping: str, reading: str
) -> None:
    define(session, "keeper(args jsonb) returns jsonb", KEEPER)
    fetch(
        session,
        f"select keeper({BIG} || {keeping}) from generate_series(7, 7) g",
    )

    with refused("55000") as refusal:
        fetch(session, "select keeper(%s::jsonb)", [reading])

    assert "after the call whose argument it was" in refusal.message
    assert "structuredClone" in refusal.hint


def test_argument_that_was_filled_may_be_kept(session: Connection) -> None:
    define(
        session,
        "keeper(args jsonb) returns jsonb",
        "let kept: any;"
        "export default (ctx: Ctx<any>) => {"
        " if (ctx.args.n) { kept = structuredClone(ctx.args); return kept.n; }"
        " return kept; }",
    )
    whole = f"select keeper(d) from (select {BIG} d from generate_series(7, 7) g) x"
    fetch(session, whole)

    assert fetch(session, "select keeper('{}')")["list"][199] == {"i": 200}


def test_document_of_a_row_may_be_kept(session: Connection) -> None:
    define(session, "keeper(args jsonb) returns jsonb", KEEPER)
    session.execute(
        f"create table docs as select {BIG} as d from generate_series(7, 7) g"
    )
    fetch(session, 'select keeper(\'{"row": "select d from docs"}\')')
    session.execute("drop table docs")
    fetch(session, 'select count(keeper(\'{"row": "select 1 as d"}\')) where false')

    kept = fetch(session, "select keeper('{\"write\": true}')")

    assert kept[0]["list"][199] == {"i": 200}
    assert fetch(session, "select keeper('{}')") == 7


def test_outer_argument_is_readable_in_a_nested_call(session: Connection) -> None:
    define(
        session,
        "nested(args jsonb) returns jsonb",
        "let outer: any;"
        "export default async (ctx: Ctx<any>) => {"
        " if (ctx.args.inner) return outer.list;"
        " outer = ctx.args;"
        " const rows = await ctx.db.query<any>("
        "  `select nested('{\"inner\": true}') as d`);"
        " return [rows[0].d.length, rows[0].d[199], outer.n]; }",
    )

    value = fetch(
        session,
        f"select nested(d) from (select {BIG} as d from generate_series(7, 7) g) x",
    )

    assert value == [200, {"i": 200}, 7]


def test_documents_in_arrays_composites_and_rows(session: Connection) -> None:
    session.execute(
        f"create table docs as select g as id, {BIG} as d from generate_series(1, 50) g"
    )
    define(
        session,
        "in_row(r docs, a jsonb[]) returns text strict",
        "const rows = ctx.db.sync.query<any>('select d from docs order by id');"
        "return [r.d!.n, a[1]!.list[3].i, rows.map((x) => x.d.n).join('')].join()",
    )

    text = fetch(session, "select in_row(docs, array[d, d]) from docs where id = 7")

    assert text == "7,4," + "".join(str(n) for n in range(1, 51))


def test_isolation_by_call_and_other_roles(session: Connection) -> None:
    session.execute("set plts.isolation = call")
    define(session, "one(d jsonb) returns jsonb strict", "return [d.n, d.list]")
    statement = (
        f"select one(d) from (select {BIG} as d from generate_series(1, 20) g) x"
    )

    values = [row[0][0] for row in session.execute(statement).fetchall()]  # type: ignore[index]

    assert values == list(range(1, 21))


def test_documents_after_memory_ran_out(session: Connection) -> None:
    session.execute(
        f"create table docs as select {BIG} as d from generate_series(1, 100) g"
    )
    session.execute("set plts.max_heap_mb = 32")
    define(
        session,
        "bomb() returns int",
        "const rows = ctx.db.sync.query<any>('select d from docs');"
        "const all: any[] = []; for (;;) all.push(rows.map((r) => ({ ...r.d })))",
    )
    define(
        session,
        "sizes() returns int",
        "return ctx.db.sync.query<any>('select d from docs')"
        ".reduce((n, r) => n + r.d.list.length, 0)",
    )

    for _ in range(3):
        with refused("53200"):
            fetch(session, "select bomb()")
        assert fetch(session, "select sizes()") == 20_000


def test_documents_count_for_the_limit_of_memory(session: Connection) -> None:
    session.execute("set plts.max_heap_mb = 32")
    define(
        session,
        "hoard() returns int",
        "const all: any[] = []; for (let i = 0; i < 200; i++) all.push("
        "ctx.db.sync.query(`select jsonb_build_object('a', repeat('x', 1000000),"
        " 'n', ${i}) as d`)); return all.length",
    )

    with refused("53200") as refusal:
        fetch(session, "select hoard()")

    assert "plts.max_heap_mb" in refusal.hint


def test_documents_that_were_dropped_do_not_count(session: Connection) -> None:
    session.execute("set plts.max_heap_mb = 32")
    define(
        session,
        "one_by_one() returns int",
        "let n = 0; for (let i = 0; i < 200; i++) n += ctx.db.sync.query<any>("
        "`select jsonb_build_object('a', repeat('x', 1000000), 'n', ${i}) as d`"
        ")[0].d.a.length; return n",
    )

    assert fetch(session, "select one_by_one()") == 200_000_000


def test_number_out_of_range_is_refused_when_it_is_read(session: Connection) -> None:
    define(session, "other(d jsonb) returns int strict", "return d.n")
    define(session, "far(d jsonb) returns int strict", "return d.list[0]")
    document = json.dumps({"n": 1, "filling": FILLING, "list": []}).replace(
        "[]", "[1" + "0" * 400 + ".5]"
    )

    assert fetch(session, "select other(%s::jsonb)", [document]) == 1
    with refused("22003"):
        fetch(session, "select far(%s::jsonb)", [document])


def test_deep_document_reads_level_by_level(session: Connection) -> None:
    define(
        session,
        "depth(d jsonb) returns int strict",
        "let n = 0; let at: any = d; while (Array.isArray(at)) { at = at[0]; n++ }"
        " return n",
    )
    document = "[" * 3000 + "]" * 3000

    assert fetch(session, "select depth(%s::jsonb)", [document]) == 3000


def test_documents_in_a_prewarmed_session(cluster: RunningCluster) -> None:
    name = cluster.clone()
    with cluster.connect(name) as connection:
        define(connection, "one(d jsonb) returns jsonb strict", "return [d.n, d]")
    for _ in range(2):
        with cluster.connect(name) as connection:
            value = fetch(
                connection,
                f"select one(d) from {ONE_BIG}",
            )
            assert value[0] == 7
    cluster.drop(name)


def test_keys_in_another_encoding(cluster_in_latin1: Connection) -> None:
    define(
        cluster_in_latin1,
        "read(d jsonb) returns text[] strict",
        "const smile = String.fromCodePoint(0x1F600); return [d.é, d[smile] ?? 'none',"
        " d.list[0].ü, 'é' in d, '\\ud800' in d].map(String)",
    )
    document = json.dumps(
        {"é": "ä", "list": [{"ü": "ö", "f": FILLING}], "f": FILLING},
        ensure_ascii=False,
    )

    values = fetch(cluster_in_latin1, "select read(%s::jsonb)", [document])

    assert values == ["ä", "none", "ö", "true", "false"]
