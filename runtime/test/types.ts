/**
 * What the types say.
 *
 * Checked twice: by tsc against the package, and by the compiler of the database against
 * its own declarations of it (`plts/ts/test/library.test.ts`). There is nothing to run.
 */

import {
  type AnySchema,
  Decimal,
  type Ctx,
  type InferArgs,
  mutation,
  numeric,
  type Numeric,
  type NumericInput,
  query,
  SqlError,
  v,
} from "@stopgap/runtime";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where the two types are the same. */
function same<A, B>(_: Equal<A, B>): void {}

const Order = v.object({
  id: v.int(),
  note: v.optional(v.string()),
  size: v.default(v.enum(["s", "m"]), "s"),
  tags: v.array(v.nullable(v.string())),
});

same<
  v.infer<typeof Order>,
  {
    id: number;
    size: "s" | "m";
    tags: (string | null)[];
    note?: string | undefined;
  }
>(true);
same<
  v.input<typeof Order>,
  {
    id: number;
    tags: (string | null)[];
    note?: string | undefined;
    size?: "s" | "m" | undefined;
  }
>(true);
same<InferArgs<typeof Order>, v.output<typeof Order>>(true);

const literal = v.union([v.literal("a"), v.literal([1, 2])]);
same<v.infer<typeof literal>, "a" | 1 | 2>(true);

const tuple = v.tuple([v.int(), v.string()], v.boolean());
same<v.infer<typeof tuple>, [number, string, ...boolean[]]>(true);

const lengths = v.pipe(
  v.string(),
  v.transform((text: string) => text.length),
);
same<v.infer<typeof lengths>, number>(true);
same<v.input<typeof lengths>, string>(true);

const kinds = v.record(v.enum(["a", "b"]), v.int());
same<v.infer<typeof kinds>, { a: number; b: number }>(true);
const counts = v.record(v.string(), v.int());
same<v.infer<typeof counts>, Record<string, number>>(true);

const some = v.pick(Order, { id: true });
same<v.infer<typeof some>, { id: number }>(true);
const less = v.partial(v.omit(Order, { note: true, size: true, tags: true }));
same<v.infer<typeof less>, { id?: number | undefined }>(true);
const more = v.extend(some, { id: v.string(), at: v.date() });
same<v.infer<typeof more>, { id: string; at: Date }>(true);

const byId = query(v.object({ id: v.int() }), async ({ id }, ctx) => {
  same<typeof ctx, Ctx<{ id: number }>>(true);
  const rows = await ctx.db.query<{ n: number }>("select $1::int as n", [id]);
  return rows[0]?.n ?? null;
});
same<InferArgs<typeof byId>, { id: number }>(true);
same<ReturnType<typeof byId>, Promise<number | null>>(true);
same<typeof byId.kind, "query">(true);

const checked = mutation({
  args: v.object({ n: v.coerce.number() }),
  returns: v.object({ total: v.number() }),
  handler: ({ n }) => ({ total: n }),
});
same<InferArgs<typeof checked>, { n: unknown }>(true);
same<ReturnType<typeof checked>, { total: number }>(true);
same<typeof checked.kind, "mutation">(true);

const bare = query((args: { n: number }) => args.n);
same<InferArgs<typeof bare>, { n: number }>(true);

const unchecked = mutation({ args: v.object({}), handler: async () => "x" });
same<ReturnType<typeof unchecked>, Promise<string>>(true);

// The other keys are known whatever the type parameter stands for.
const limited = <Value extends AnySchema>(value: Value) =>
  query(v.object({ value, limit: v.int() }), ({ limit }): number => limit);
const few = limited(v.optional(v.string()));
same<InferArgs<typeof few>, { limit: number; value?: string | undefined }>(true);

// @ts-expect-error a string is not the number it said it returns
mutation({ args: v.object({}), returns: v.number(), handler: () => "x" });

// @ts-expect-error min length is no check of a number
v.number().check(v.minLength(1));

// @ts-expect-error the key does not exist
v.pick(Order, { nothing: true });

// @ts-expect-error a schema without a handler
query(Order);

const amount: Numeric = numeric("1.50");
// @ts-expect-error amounts are not added as text
amount + amount;
// @ts-expect-error text is no amount
const wrong: Numeric = "1.50";
void wrong;

const exact = new Decimal(amount).plus("0.1").times(2);
same<typeof exact, Decimal>(true);
const accepted: NumericInput[] = [exact, Decimal(1n), amount];
void accepted;
// @ts-expect-error decimals are not added as text
exact + exact;
// @ts-expect-error the settings that all share
Decimal.config({ DECIMAL_PLACES: 1 });

export const error = new SqlError({ code: "P0001", message: "x", hint: "y" });
same<typeof error.detail, string | undefined>(true);

export default byId;
