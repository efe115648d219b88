"""The functions that are called warm, in every language."""

from __future__ import annotations

from benchmarks.calls import Case, Version
from benchmarks.result import Aim

_ITEMS = 10_000
_DOCUMENTS = (
    "create table if not exists bench.document (size text, doc jsonb)",
    "alter table bench.document alter doc set storage external",
    "truncate bench.document",
    # Some 100 bytes a member.
    """
    insert into bench.document
    select size, jsonb_build_object('id', 7, 'name', 'lamp') || jsonb_object_agg(
      'member' || n,
      jsonb_build_object('n', n, 'text', repeat('x', 50), 'flags', jsonb '[true, null]')
    )
    from (values ('10 KB', 95), ('1 MB', 9500)) as sizes (size, members)
    cross join lateral generate_series(1, members) as n
    group by size
    """,
)
# The whole of the document, read from its table and made one piece.
_DOCUMENT = "(select doc #> '{{}}' as doc from bench.document where size = '{}')"

_ITEM = (
    "create table if not exists bench.item (id integer primary key, value integer)",
    "truncate bench.item",
    f"insert into bench.item select n, n * 3 from generate_series(1, {_ITEMS}) as n",
    "analyze bench.item",
)
_WIDE = (
    "create table if not exists bench.wide"
    " (id integer, name text, amount double precision, ready boolean, size integer)",
    "truncate bench.wide",
    "insert into bench.wide select n, 'name ' || n, n / 2.0, n % 2 = 0, n * 10"
    " from generate_series(1, 1000) as n",
    "analyze bench.wide",
)

_READ_ONE_KEY: dict[str, str | Version] = {
    "plts": "export default (ctx: Ctx<{ id: number }>) => ctx.args.id;",
    "plpgsql": "begin return (args ->> 'id')::integer; end",
    # In PL/Python `args` is the list of the arguments.
    "plpython": Version(
        "(doc jsonb) returns integer",
        "import json\nreturn json.loads(doc)['id']",
        "source.doc",
    ),
    "plv8": "return args.id;",
    "pljs": "return args.id;",
}
_SELECT = "select value from bench.item where id = "
_SELECT_PLPGSQL = (
    "declare result integer; begin"
    " select value into result from bench.item where id = a; return result; end"
)

ADD = Case(
    name="int-to-int",
    what="warm call, int → int",
    signature="(a integer) returns integer",
    argument="i",
    bodies={
        "plts": "return a + 1;",
        "plpgsql": "begin return a + 1; end",
        "plpython": "return a + 1",
        "plv8": "return a + 1;",
        "pljs": "return a + 1;",
    },
    result="i + 1",
    aim=Aim(1.3, times="plpgsql"),
)

CASES = (
    ADD,
    Case(
        name="jsonb-3-keys",
        what="warm call, 3-key (args jsonb) returns jsonb",
        signature="(args jsonb) returns jsonb",
        argument="source.doc",
        source="""(select jsonb '{"id": 7, "name": "lamp", "cents": 250}' as doc)""",
        bodies={
            "plts": (
                "type Args = { id: number; name: string; cents: number };\n"
                "export default ({ args }: Ctx<Args>) =>"
                " ({ id: args.id + 1, name: args.name, cents: args.cents * 2 });"
            ),
            "plpgsql": (
                "begin return jsonb_build_object("
                "'id', (args -> 'id')::integer + 1, 'name', args -> 'name',"
                " 'cents', (args -> 'cents')::integer * 2); end"
            ),
            "plpython": Version(
                "(doc jsonb) returns jsonb",
                "import json\na = json.loads(doc)\n"
                "return json.dumps("
                "{'id': a['id'] + 1, 'name': a['name'], 'cents': a['cents'] * 2})",
                "source.doc",
            ),
            "plv8": (
                "return { id: args.id + 1, name: args.name, cents: args.cents * 2 };"
            ),
            "pljs": (
                "return { id: args.id + 1, name: args.name, cents: args.cents * 2 };"
            ),
        },
        result="""jsonb '{"id": 8, "name": "lamp", "cents": 500}'""",
        aim=Aim(1.5, times="plpgsql"),
    ),
    Case(
        name="jsonb-10kb-read",
        what="10 KB jsonb argument, one key read",
        signature="(args jsonb) returns integer",
        argument="source.doc",
        source=_DOCUMENT.format("10 KB"),
        setup=_DOCUMENTS,
        bodies=_READ_ONE_KEY,
        result="7",
        aim=Aim(1.5, times="plpgsql"),
    ),
    Case(
        name="jsonb-10kb-pass",
        what="10 KB jsonb argument, passed through",
        signature="(args jsonb) returns jsonb",
        argument="source.doc",
        source=_DOCUMENT.format("10 KB"),
        setup=_DOCUMENTS,
        bodies={
            "plts": "export default (ctx: Ctx<Json>) => ctx.args;",
            "plpgsql": "begin return args; end",
            "plpython": Version(
                "(doc jsonb) returns jsonb", "return doc", "source.doc"
            ),
            "plv8": "return args;",
            "pljs": "return args;",
        },
        result="source.doc",
        aim=Aim(2.0, times="plpgsql"),
    ),
    Case(
        name="jsonb-1mb-read",
        what="one key of a 1 MB jsonb in memory",
        signature="(args jsonb) returns integer",
        argument="source.doc",
        source=_DOCUMENT.format("1 MB"),
        setup=_DOCUMENTS,
        bodies=_READ_ONE_KEY,
        result="7",
        aim=Aim(50.0),
    ),
    Case(
        name="select",
        what="one SELECT, plan kept",
        signature="(a integer) returns integer",
        argument=f"i % {_ITEMS} + 1",
        bodies={
            "plts": (
                "const rows = await ctx.db.query<{ value: number }>("
                f"'{_SELECT}$1', [a]);\n"
                "return rows[0]!.value;"
            ),
            "plpgsql": _SELECT_PLPGSQL,
            "plpython": (
                "if 'plan' not in SD:\n"
                f"    SD['plan'] = plpy.prepare('{_SELECT}$1', ['integer'])\n"
                "return plpy.execute(SD['plan'], [a])[0]['value']"
            ),
            "plv8": (
                "globalThis.plan ??= plv8.prepare("
                f"'{_SELECT}$1', ['integer']);\n"
                "return globalThis.plan.execute([a])[0].value;"
            ),
            # A plan that pljs keeps across statements crashes the server.
            "pljs": f"return pljs.execute('{_SELECT}$1', [a])[0].value;",
        },
        setup=_ITEM,
        result=f"(i % {_ITEMS} + 1) * 3",
        aim=Aim(1.6, times="plpgsql"),
    ),
    Case(
        name="query-handler",
        what="query() handler with a schema and one SELECT",
        signature="(args jsonb) returns jsonb",
        argument="source.doc",
        source="""(select jsonb '{"id": 7}' as doc)""",
        bodies={
            "plts": (
                'import { query, v } from "@stopgap/runtime";\n'
                "export default query(v.object({ id: v.int() }),"
                " async ({ id }, ctx) => {\n"
                "  const rows = await ctx.db.query<{ value: number }>("
                f"'{_SELECT}$1', [id]);\n"
                "  return rows[0]!.value;\n"
                "});"
            ),
            # The SELECT alone, which is what the aim compares with.
            "plpgsql": Version("(a integer) returns integer", _SELECT_PLPGSQL, "7"),
        },
        setup=_ITEM,
        result="21",
        aim=Aim(3.0, times="plpgsql"),
    ),
    Case(
        name="rows-1000",
        what="1,000 rows of 5 columns, all of them read",
        signature="(a integer) returns double precision",
        argument="0",
        unit="ms",
        bodies={
            "plts": (
                "type Row = { id: number; name: string; amount: number;"
                " ready: boolean; size: number };\n"
                "let sum = a;\n"
                "for (const row of await ctx.db.query<Row>("
                "'select * from bench.wide')) {\n"
                "  sum += row.id + row.name.length + row.amount"
                " + (row.ready ? 1 : 0) + row.size;\n"
                "}\n"
                "return sum;"
            ),
            "plpgsql": (
                "declare sum double precision := a; r record; begin"
                " for r in select * from bench.wide loop"
                " sum := sum + r.id + length(r.name) + r.amount"
                " + r.ready::integer + r.size; end loop; return sum; end"
            ),
            "plpython": (
                "total = a\n"
                "for row in plpy.execute('select * from bench.wide'):\n"
                "    total += row['id'] + len(row['name']) + row['amount']"
                " + row['ready'] + row['size']\n"
                "return total"
            ),
            "plv8": (
                "let sum = a;\n"
                "for (const row of plv8.execute('select * from bench.wide')) {\n"
                "  sum += row.id + row.name.length + row.amount"
                " + (row.ready ? 1 : 0) + row.size;\n"
                "}\n"
                "return sum;"
            ),
            "pljs": (
                "let sum = a;\n"
                "for (const row of pljs.execute('select * from bench.wide')) {\n"
                "  sum += row.id + row.name.length + row.amount"
                " + (row.ready ? 1 : 0) + row.size;\n"
                "}\n"
                "return sum;"
            ),
        },
        setup=_WIDE,
        result="(select sum(id + length(name) + amount + ready::integer + size)"
        " from bench.wide)",
        aim=Aim(0.5, times="plpython"),
    ),
    Case(
        name="fib-25",
        what="fib(25), recursive",
        signature="(n integer) returns integer",
        argument="25",
        unit="ms",
        bodies={
            "plts": (
                "const fib = (k: number): number =>"
                " k < 2 ? k : fib(k - 1) + fib(k - 2);\nreturn fib(n);"
            ),
            "plpgsql": (
                "begin if n < 2 then return n; end if; return"
                " bench.fib_25_plpgsql(n - 1) + bench.fib_25_plpgsql(n - 2); end"
            ),
            "plpython": (
                "def fib(k):\n"
                "    return k if k < 2 else fib(k - 1) + fib(k - 2)\n"
                "return fib(n)"
            ),
            "plv8": (
                "const fib = (k) =>"
                " k < 2 ? k : fib(k - 1) + fib(k - 2);\nreturn fib(n);"
            ),
            "pljs": (
                "const fib = (k) =>"
                " k < 2 ? k : fib(k - 1) + fib(k - 2);\nreturn fib(n);"
            ),
        },
        result="75025",
        aim=Aim(0.01, times="plpgsql"),
    ),
    Case(
        name="loop-1e6",
        what="loop of 1e6 additions",
        signature="(n integer) returns double precision",
        argument="1000000",
        unit="ms",
        bodies={
            "plts": "let s = 0;\nfor (let k = 1; k <= n; k++) s += k;\nreturn s;",
            "plpgsql": (
                "declare s bigint := 0; begin"
                " for k in 1..n loop s := s + k; end loop; return s; end"
            ),
            "plpython": "s = 0\nfor k in range(1, n + 1):\n    s += k\nreturn s",
            "plv8": "let s = 0;\nfor (let k = 1; k <= n; k++) s += k;\nreturn s;",
            "pljs": "let s = 0;\nfor (let k = 1; k <= n; k++) s += k;\nreturn s;",
        },
        result="500000500000",
        aim=Aim(0.01, times="plpgsql"),
    ),
)
