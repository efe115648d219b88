/** `json`: any value as JSON text. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { json } from "@stopgap/runtime";

test("a string is JSON text only when wrapped", () => {
  assert.equal(json("x").toPostgres(), '"x"');
});

test("inside of another value it is the value", () => {
  assert.equal(JSON.stringify([json("x"), json({ a: 1 })]), '["x",{"a":1}]');
});

test("a bigint is a JSON number", () => {
  const value = { big: 2n ** 64n, list: [1n, -1n], small: 1 };

  assert.equal(
    json(value).toPostgres(),
    '{"big":18446744073709551616,"list":[1,-1],"small":1}',
  );
});

test("text that looks like the mark of a bigint stays text", () => {
  const value = ["bigint:0", "7bigint:0", 5n];

  assert.equal(json(value).toPostgres(), '["bigint:0","7bigint:0",5]');
});

test("null is JSON null, and undefined is SQL NULL", () => {
  assert.equal(json(null).toPostgres(), "null");
  assert.equal(json(undefined).toPostgres(), null);
});
