/** `v`: every member works, and says what is wrong in words. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type AnySchema, type Schema, v } from "@stopgap/runtime";

/** Schemas with a value that passes and, where there is one, a value that does not. */
const cases: Record<string, [AnySchema, unknown, unknown?]> = {
  any: [v.any(), 1],
  unknown: [v.unknown(), undefined],
  never: [v.never(), undefined, 1],
  null: [v.null(), null, 0],
  undefined: [v.undefined(), undefined, null],
  void: [v.void(), undefined, null],
  boolean: [v.boolean(), true, 1],
  string: [v.string(), "x", 1],
  symbol: [v.symbol(), Symbol.iterator, "x"],
  date: [v.date(), new Date(0), "1970-01-01"],
  json: [v.json(), { a: [1, null, "x"] }, () => 1],
  literal: [v.literal(["a", 1]), 1, 2],
  enum: [v.enum(["red", "green"]), "red", "blue"],
  number: [v.number(), 1.5, "1.5"],
  nan: [v.nan(), NaN, 1],
  int: [v.int(), 7, 7.5],
  int32: [v.int32(), 2 ** 31 - 1, 2 ** 31],
  uint32: [v.uint32(), 2 ** 32 - 1, -1],
  float32: [v.float32(), 1.5, 1e300],
  float64: [v.float64(), 1e300, Infinity],
  bigint: [v.bigint(), 1n, 1],
  int64: [v.int64(), 2n ** 63n - 1n, 2n ** 63n],
  uint64: [v.uint64(), 2n ** 64n - 1n, -1n],
  base64: [v.base64(), "aGk=", "a"],
  base64url: [v.base64url(), "aGk", "a+b/"],
  cidrv4: [v.cidrv4(), "10.0.0.0/8", "10.0.0.0/33"],
  cidrv6: [v.cidrv6(), "fe80::/10", "fe80::"],
  e164: [v.e164(), "+431234567", "1234"],
  email: [v.email(), "a@b.example", "a"],
  emoji: [v.emoji(), "🙂", "x"],
  guid: [v.guid(), "6b1c6e6e-0000-0000-0000-000000000000", "x"],
  hex: [v.hex(), "c0ffee", "xyz"],
  hostname: [v.hostname(), "a.example", "a b"],
  httpUrl: [v.httpUrl(), "https://a.example/x", "ftp://a.example"],
  ipv4: [v.ipv4(), "10.0.0.1", "10.0.0.256"],
  ipv6: [v.ipv6(), "::1", "10.0.0.1"],
  jwt: [v.jwt(), "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln", "x"],
  mac: [v.mac(), "00:1a:2b:3c:4d:5e", "x"],
  nanoid: [v.nanoid(), "V1StGXR8_Z5jdHi6B-myT", "x"],
  ulid: [v.ulid(), "01ARZ3NDEKTSV4RRFFQ69G5FAV", "x"],
  url: [v.url(), "mailto:a@b.example", "x"],
  uuid: [v.uuid(), "0190a8a0-7b5c-7d6e-8f00-0123456789ab", "x"],
  uuidv4: [v.uuidv4(), "b0c2ad4e-2f6c-4b1e-9d8a-6f1d3b6c2a10", "x"],
  uuidv6: [v.uuidv6(), "1efa5b2c-4d3e-6f00-8a9b-0123456789ab", "x"],
  uuidv7: [v.uuidv7(), "0190a8a0-7b5c-7d6e-8f00-0123456789ab", "x"],
  stringFormat: [v.stringFormat("sku", /^[A-Z]\d$/), "A1", "a1"],
  stringbool: [v.stringbool(), "yes", "maybe"],
  "iso.date": [v.iso.date(), "2024-02-29", "2023-02-29"],
  "iso.datetime": [v.iso.datetime(), "2024-02-29T12:00:00Z", "2024-02-29"],
  "iso.duration": [v.iso.duration(), "P1DT2H", "1 day"],
  "iso.time": [v.iso.time(), "12:00:00", "25:00:00"],
  "coerce.bigint": [v.coerce.bigint(), "12", "x"],
  "coerce.boolean": [v.coerce.boolean(), ""],
  "coerce.date": [v.coerce.date(), "2024-02-29", "x"],
  "coerce.number": [v.coerce.number(), "12", "x"],
  "coerce.string": [v.coerce.string(), 12],
  object: [v.object({ a: v.int() }), { a: 1 }, { a: 1, b: 2 }],
  strictObject: [v.strictObject({ a: v.int() }), { a: 1 }, { a: 1, b: 2 }],
  looseObject: [v.looseObject({ a: v.int() }), { a: 1, b: 2 }, { b: 2 }],
  keyof: [v.keyof(v.object({ a: v.int() })), "a", "b"],
  extend: [
    v.extend(v.object({ a: v.int() }), { b: v.int() }),
    { a: 1, b: 2 },
    { a: 1 },
  ],
  pick: [v.pick(v.object({ a: v.int(), b: v.int() }), { a: true }), { a: 1 }, { b: 1 }],
  omit: [v.omit(v.object({ a: v.int(), b: v.int() }), { a: true }), { b: 1 }, { a: 1 }],
  partial: [v.partial(v.object({ a: v.int() })), {}, { a: "x" }],
  required: [v.required(v.object({ a: v.optional(v.int()) })), { a: 1 }, {}],
  catchall: [
    v.catchall(v.object({ a: v.int() }), v.string()),
    { a: 1, b: "x" },
    { a: 1, b: 2 },
  ],
  array: [v.array(v.int()), [1, 2], [1, "x"]],
  tuple: [v.tuple([v.int(), v.string()], v.boolean()), [1, "x", true], [1]],
  record: [v.record(v.string(), v.int()), { a: 1 }, { a: "x" }],
  partialRecord: [v.partialRecord(v.enum(["a", "b"]), v.int()), { a: 1 }, { c: 1 }],
  map: [v.map(v.string(), v.int()), new Map([["a", 1]]), {}],
  set: [v.set(v.int()), new Set([1]), [1]],
  union: [v.union([v.int(), v.string()]), "x", true],
  discriminatedUnion: [
    v.discriminatedUnion("t", [
      v.object({ t: v.literal("a"), x: v.int() }),
      v.object({ t: v.literal("b") }),
    ]),
    { t: "b" },
    { t: "a" },
  ],
  intersection: [
    v.intersection(v.looseObject({ a: v.int() }), v.looseObject({ b: v.int() })),
    { a: 1, b: 2 },
    { a: 1 },
  ],
  optional: [v.optional(v.int()), undefined, null],
  nonoptional: [v.nonoptional(v.optional(v.int())), 1, undefined],
  nullable: [v.nullable(v.int()), null, undefined],
  nullish: [v.nullish(v.int()), null, "x"],
  readonly: [v.readonly(v.array(v.int())), [1], ["x"]],
  default: [v.default(v.int(), 7), undefined, "x"],
  prefault: [v.prefault(v.int(), 7), undefined, "x"],
  catch: [v.catch(v.int(), 7), "x"],
  lazy: [v.lazy(() => v.int()), 1, "x"],
  pipe: [
    v.pipe(
      v.string(),
      v.transform((text: string) => text.length),
    ),
    "abc",
    1,
  ],
  transform: [v.transform((value: number) => value + 1), 1],
  custom: [v.custom<Date>((value) => value instanceof Date), new Date(0), "x"],
  instanceof: [v.instanceof(Date), new Date(0), "x"],
  check: [v.int().check(v.check(() => undefined)), 1, "x"],
  refine: [v.int().check(v.refine((n) => n > 1)), 2, 1],
  overwrite: [v.int().check(v.overwrite((n) => n + 1)), 2, "x"],
  property: [
    v.array(v.int()).check(v.property("length", v.int().check(v.gte(2)))),
    [1, 2],
    [1],
  ],
  lt: [v.int().check(v.lt(2)), 1, 2],
  lte: [v.int().check(v.lte(2)), 2, 3],
  gt: [v.int().check(v.gt(2)), 3, 2],
  gte: [v.int().check(v.gte(2)), 2, 1],
  minimum: [v.int().check(v.minimum(2)), 2, 1],
  maximum: [v.int().check(v.maximum(2)), 2, 3],
  positive: [v.int().check(v.positive()), 1, 0],
  negative: [v.int().check(v.negative()), -1, 0],
  nonpositive: [v.int().check(v.nonpositive()), 0, 1],
  nonnegative: [v.int().check(v.nonnegative()), 0, -1],
  multipleOf: [v.int().check(v.multipleOf(5)), 10, 11],
  size: [v.set(v.int()).check(v.size(1)), new Set([1]), new Set()],
  minSize: [v.set(v.int()).check(v.minSize(1)), new Set([1]), new Set()],
  maxSize: [v.set(v.int()).check(v.maxSize(0)), new Set(), new Set([1])],
  length: [v.string().check(v.length(2)), "ab", "a"],
  minLength: [v.string().check(v.minLength(2)), "ab", "a"],
  maxLength: [v.string().check(v.maxLength(2)), "ab", "abc"],
  regex: [v.string().check(v.regex(/^a/)), "ab", "b"],
  lowercase: [v.string().check(v.lowercase()), "ab", "AB"],
  uppercase: [v.string().check(v.uppercase()), "AB", "ab"],
  includes: [v.string().check(v.includes("b")), "abc", "ac"],
  startsWith: [v.string().check(v.startsWith("a")), "abc", "bc"],
  endsWith: [v.string().check(v.endsWith("c")), "abc", "ab"],
  normalize: [v.string().check(v.normalize()), "e\u0301"],
  trim: [v.string().check(v.trim()), " a "],
  toLowerCase: [v.string().check(v.toLowerCase()), "A"],
  toUpperCase: [v.string().check(v.toUpperCase()), "a"],
};

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
