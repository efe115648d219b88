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

test("parse throws what safeParse returns", () => {
  const schema: Schema<number, number> = v.int();

  assert.equal(schema.parse(1), 1);
  assert.throws(() => schema.parse("x"), { name: "$ZodError" });
  assert.throws(() => v.parse(schema, "x"), { name: "$ZodError" });
});
