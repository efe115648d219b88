/**
 * Uses the compiler once, when the snapshot is built.
 *
 * What V8 has compiled by then the snapshot keeps, so the first compilation of a session
 * is nearly as fast as the next: the samples are to reach what most sources need.
 */

import { compile } from "./compile.js";
import type { SourceRequest } from "./protocol.js";

const parameters = "(ctx: Ctx<{ a: number | null }>, a: number | null, b: Json)";

const wrapper = {
  headers: [
    `/* plts:body */ export default function ${parameters}: NumericInput | null {\n`,
    `/* plts:body */ export default async function ${parameters}: Promise<unknown> {\n`,
    `/* plts:body */ export default function* ${parameters}: Iterable<number> {\n`,
    `/* plts:body */ export default async function* ${parameters}: AsyncIterable<number> {\n`,
  ] as [string, string, string, string],
  footer: "\n}\n",
};

const bodies = [
  "const c: number = a ?? 1;\nreturn c > 0 ? c : -c;",
  "const rows = await ctx.db.query<{ n: number }>('select 1 as n', [a]);\nreturn rows[0]?.n;",
  "for (let i = 0; i < (a ?? 0); i++) yield i;",
  "for await (const x of [1, 2]) yield x;",
  // Mistakes that people make.
  "return a + 1;",
  "return 'x';",
  "return nowhere.x;",
  "const s: string = a;\nif (s) return 1;",
  "return (1;",
  "} evil(); {",
  "(ctx) => 1",
];

const modules = [
  `import { mutation, query, SqlError, v, json, type Ctx, type InferArgs } from "@stopgap/runtime";

const Item = v.object({
  sku: v.string().check(v.minLength(1), v.maxLength(40)),
  quantity: v.int().check(v.positive()),
  note: v.optional(v.nullable(v.string())),
  kind: v.enum(["a", "b"]),
});
const Order = v.object({ id: v.int(), items: v.array(Item), at: v.default(v.string(), "") });
type Order = InferArgs<typeof Order>;

interface Row {
  id: number;
  price: Numeric;
  tags: string[];
}

enum State { open, closed = "closed" }

abstract class Base<T extends object> {
  static count = 0;
  readonly #items = new Map<string, T>();
  constructor(protected readonly name: string) {}
  abstract describe(item: T): string;
  get size(): number { return this.#items.size; }
  add(key: string, item: T): this { this.#items.set(key, item); return this; }
  *[Symbol.iterator]() { for (const [key, item] of this.#items) yield \`\${key}: \${this.describe(item)}\`; }
}

class Rows extends Base<Row> {
  override describe({ id, price, ...rest }: Row) { return [id, String(price), ...rest.tags].join(", "); }
}

function total(rows: readonly Row[], by: (row: Row) => number = ({ id }) => id): number {
  return rows.filter((row) => row.tags.length > 0).map(by).reduce((sum, n) => sum + n, 0);
}

export const remove = async (ctx: Ctx<Order>): Promise<void> => {
  await ctx.db.exec({ sql: "delete from item where id = $1", params: [ctx.args.id] });
};

export default mutation(Order, async ({ id, items, at }, ctx) => {
  const rows = await ctx.db.query<Row>("select * from item where id = $1", [id]);
  const [first] = rows;
  if (first === undefined) throw new SqlError({ code: "P0002", message: "no item", hint: at });
  try {
    for (const { sku, quantity, note } of items) {
      const { rowCount } = await ctx.db.exec("insert into item values ($1, $2)", [sku, json({ note })]);
      if (rowCount !== 1 || quantity > 10) continue;
    }
    await Promise.all(items.map(async (item) => ctx.db.query("select $1", [item.sku])));
  } catch (error) {
    if (error instanceof SqlError && error.code === "23505") return { state: State.closed, total: 0 };
    throw error;
  }
  const all = new Rows("x").add("y", first);
  const counts: Record<string, number> = {};
  for (const line of all) counts[line] = (counts[line] ?? 0) + 1;
  console.log("rows", all.size, Object.entries(counts), new Date(ctx.now).getTime());
  return { state: State.open, total: total(rows), kinds: [...new Set(items.map((i) => i.kind))] };
});
`,
  `import { query, v } from "@stopgap/runtime";
export default query({
  args: v.object({ id: v.int(), tag: v.union([v.literal("x"), v.string()]) }),
  returns: v.array(v.object({ n: v.number() })),
  handler: ({ id }, ctx) => ctx.db.query<{ n: number }>("select $1::int as n", [id]),
});
`,
  `import { query } from "@stopgap/runtime";
export default query((args: { id: number }, ctx) => ctx.db.sync.query("select 1", [args.id]).length);
`,
  `import { query, v } from "@stopgap/runtime";
import { gone } from "elsewhere";
export default query(v.object({ id: v.int() }), ({ idd }) => idd + gone);
`,
];

export function warmUp(): void {
  const sources: SourceRequest[] = [
    ...bodies.map((text) => ({ text, plain: wrapper })),
    ...modules.map((text) => ({ text, plain: null })),
  ];
  compile({ sources });
  const hash = `sha256:${"0".repeat(64)}`;
  const text =
    `import { one } from "plts+artifact:${hash}";\n` +
    'import two from "data:text/javascript,export default 2";\n' +
    "export default () => one + two;\n";
  const library = { text: "export const one: number = 1;\n" };
  compile({ sources: [{ text, plain: null }], artifacts: { [hash]: library } });
  compile({ sources: [{ text: "return a;", plain: wrapper }] });
}
