/** `query` and `mutation` as their callers see them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ctx, mutation, query, SqlError, v } from "@stopgap/runtime";

function ctx<Args>(args: Args): Ctx<Args> {
  return { args } as Ctx<Args>;
}

const Item = v.object({
  sku: v.string(),
  sizes: v.array(v.object({ width: v.int().check(v.positive()) })),
});

test("a bare handler gets the arguments and the context", () => {
  const double = query((args: { n: number }, { args: again }) => args.n + again.n);

  assert.equal(double(ctx({ n: 21 })), 42);
});

test("the function is branded with its kind", () => {
  assert.equal(query(() => 1).kind, "query");
  assert.equal(mutation(() => 1).kind, "mutation");
});

test("a schema and a handler: the handler gets what the schema gives back", () => {
  const trimmed = query(
    v.object({ name: v.string().check(v.trim()) }),
    ({ name }) => name,
  );

  assert.equal(trimmed(ctx({ name: "  x " })), "x");
});

test("a definition checks the result", () => {
  const count = mutation({
    args: v.object({ n: v.unknown() }),
    returns: v.int(),
    handler: ({ n }) => n as number,
  });

  assert.equal(count(ctx({ n: 3 })), 3);
  assert.throws(() => count(ctx({ n: "three" })), {
    name: "SqlError",
    code: "39000",
    message: "invalid result: Invalid input: expected number, received string",
  });
});

test("the result of an async handler is checked when it is there", async () => {
  const count = query({
    args: v.object({ n: v.unknown() }),
    returns: v.number(),
    handler: async ({ n }) => n as number,
  });

  assert.equal(await count(ctx({ n: 3 })), 3);
  await assert.rejects(count(ctx({ n: "three" })), { code: "39000" });
});

test("wrong arguments are an SqlError that lists every issue with its path", () => {
  const add = mutation(Item, () => "reached");
  const args = { sku: 7, sizes: [{ width: 1 }, { width: -1 }], "a b": true };

  let caught: unknown;
  try {
    add(ctx(args as never));
  } catch (error) {
    caught = error;
  }

  assert(SqlError.isSqlError(caught));
  assert.equal(caught.code, "22023");
  assert.equal(
    caught.message,
    "invalid argument: sku: Invalid input: expected string, received number (and 2 more)",
  );
  assert.deepEqual(caught.detail?.split("\n"), [
    "sku: Invalid input: expected string, received number",
    "sizes[1].width: Too small: expected number to be >0",
    'Unrecognized key: "a b"',
  ]);
});

test("what is neither schema, definition nor handler is refused at once", () => {
  const wrong = query as unknown as (...args: unknown[]) => unknown;

  for (const args of [[], [null], [{}], [{ args: Item }], [Item], [Item, 1]]) {
    assert.throws(() => wrong(...args), TypeError);
  }
});
