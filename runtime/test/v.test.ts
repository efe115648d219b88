/** `v`: every member works, and says what is wrong in words. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Schema, v } from "@stopgap/runtime";
import { schemaCases } from "./schema-cases.js";

const cases = schemaCases(v);

const notSchemas = ["iso", "coerce", "parse", "safeParse", "prettifyError"];

test("every member of v has a case here", () => {
  const tried = new Set(
    Object.keys(cases).map((name) => name.replace(/^(iso|coerce)\..*/, "$1")),
  );
  const members = Object.keys(v).filter((name) => !notSchemas.includes(name));

  assert.deepEqual(
    members.filter((name) => !tried.has(name)),
    [],
  );
});

for (const [name, [schema, good, ...bad]] of Object.entries(cases)) {
  test(`v.${name} lets through what it should, and nothing else`, () => {
    assert.equal(v.safeParse(schema, good).success, name !== "never");
    for (const value of bad) {
      const { success, error } = v.safeParse(schema, value);

      assert.equal(success, false);
      // Without a locale zod says «Invalid input» of everything.
      assert.notEqual(error?.issues[0]?.message, "Invalid");
    }
  });
}

// As JSON.parse and the database give what JSON writes as 5, 1.0, 1e3 and -0.
const safe = [5, 1.0, 1e3, -0, 2 ** 53 - 1, -(2 ** 53 - 1), 5n, 0n, -7n];

test("an integer is one, whether it is a number or a bigint", () => {
  for (const value of safe) {
    assert.equal(v.int().parse(value), Number(value));
    assert.equal(v.bigint().parse(value), BigInt(value));
    assert.equal(v.int64().parse(value), BigInt(value));
  }
  assert.equal(v.bigint().parse(9007199254740993n), 9007199254740993n);
  assert.equal(v.int32().parse(7n), 7);
  assert.equal(v.uint32().parse(2n ** 32n - 1n), 2 ** 32 - 1);
  assert.equal(v.uint64().parse(7), 7n);
});

test("what is no integer, or no exact one, is none", () => {
  const wrong = [1.5, NaN, Infinity, "5", true, null, {}, 2 ** 53];
  for (const schema of [v.int(), v.bigint(), v.int64(), v.int32()]) {
    for (const value of wrong) assert.equal(schema.safeParse(value).success, false);
  }
  assert.match(
    v.int().safeParse(9007199254740993n).error?.issues[0]?.message ?? "",
    /<=9007199254740991/,
  );
  assert.equal(v.int32().safeParse(2n ** 31n).success, false);
  assert.equal(v.uint64().safeParse(-1).success, false);
  assert.equal(v.int().safeParse(10n ** 400n).success, false);
});

test("checks of an integer see what the schema gives back", () => {
  const small = v.bigint().check(v.positive(), v.lt(10n));
  const even = v.int().check(v.multipleOf(2));

  assert.equal(small.parse(5), 5n);
  assert.equal(small.safeParse(11).success, false);
  assert.equal(even.parse(4n), 4);
  assert.equal(even.safeParse(3n).success, false);
  assert.deepEqual(v.object({ a: v.optional(v.bigint()) }).parse({ a: 1 }), { a: 1n });
  assert.equal(v.union([v.bigint(), v.string()]).parse(1), 1n);
});

test("parse throws what safeParse returns", () => {
  const schema: Schema<number, number> = v.int();

  assert.equal(schema.parse(1), 1);
  assert.throws(() => schema.parse("x"), { name: "$ZodError" });
  assert.throws(() => v.parse(schema, "x"), { name: "$ZodError" });
});
