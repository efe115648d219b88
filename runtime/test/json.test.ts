/** `json`: any value as JSON text. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { json } from "@stopgap/runtime";

test("a string is JSON text only when wrapped", () => {
  assert.equal(json("x").toPostgres(), '"x"');
});

test("what JSON.stringify would lose is refused", () => {
  const lost: unknown[] = [
    NaN,
    -Infinity,
    Symbol("s"),
    () => 1,
    new Date(NaN),
    new Map(),
    new Set([1]),
    new Error("x"),
    /x/,
    Promise.resolve(),
    new Uint8Array(1),
    new DataView(new ArrayBuffer(1)),
    new ArrayBuffer(1),
    [1].values(),
    new URLSearchParams("a=1"),
    new (class {
      #hidden = 1;
      get hidden(): number {
        return this.#hidden;
      }
    })(),
    Object.create({ inherited: 1 }),
  ];

  for (const value of lost) {
    for (const given of [value, [value], { a: value }]) {
      assert.throws(() => json(given).toPostgres(), /no form in JSON/);
    }
  }
});

test("what JSON.stringify keeps is kept", () => {
  const kept = {
    a: [undefined, null, {}, [], Object.create(null) as unknown],
    b: new Date(0),
    c: Object("x") as unknown,
    d: { toJSON: () => "made" },
    e: Object.assign(new (class Point {})(), { x: 1 }),
    f: undefined,
  };

  assert.equal(json(kept).toPostgres(), JSON.stringify(kept));
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
