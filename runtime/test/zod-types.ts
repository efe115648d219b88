/**
 * Our flat declarations of `v` infer what zod's own do.
 *
 * Compile-time only, like `types.ts`; needs zod's declarations, so the database
 * cannot check it.
 */

import { v } from "@stopgap/runtime";
import * as z from "zod/mini";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function same<A, B>(_: Equal<A, B>): void {}

// Ours takes integral numbers too.
const toBigInt = z.transform((value: bigint | number) => BigInt(value));

const [zodObject, object] = [
  z.strictObject({
    a: z.optional(z.int()),
    b: z.nullable(z.string()),
    c: z._default(z.boolean(), true),
    d: z.nullable(z.optional(z.pipe(toBigInt, z.bigint()))),
    e: z.readonly(z.array(z.enum(["x", "y"]))),
    f: z.nullish(z.literal(1)),
    g: z.unknown(),
  }),
  v.object({
    a: v.optional(v.int()),
    b: v.nullable(v.string()),
    c: v.default(v.boolean(), true),
    d: v.nullable(v.optional(v.bigint())),
    e: v.readonly(v.array(v.enum(["x", "y"]))),
    f: v.nullish(v.literal(1)),
    g: v.unknown(),
  }),
];
same<z.output<typeof zodObject>, v.output<typeof object>>(true);
same<z.input<typeof zodObject>, v.input<typeof object>>(true);

const [zodUnion, union] = [
  z.discriminatedUnion("t", [
    z.strictObject({ t: z.literal("a"), x: z.int() }),
    z.strictObject({ t: z.literal("b") }),
  ]),
  v.discriminatedUnion("t", [
    v.object({ t: v.literal("a"), x: v.int() }),
    v.object({ t: v.literal("b") }),
  ]),
];
same<z.output<typeof zodUnion>, v.output<typeof union>>(true);

const [zodTuple, tuple] = [
  z.tuple([z.int(), z.string()], z.boolean()),
  v.tuple([v.int(), v.string()], v.boolean()),
];
same<z.output<typeof zodTuple>, v.output<typeof tuple>>(true);

const [zodRecord, record] = [
  z.record(z.enum(["a", "b"]), z.int()),
  v.record(v.enum(["a", "b"]), v.int()),
];
same<z.output<typeof zodRecord>, v.output<typeof record>>(true);

const [zodPartial, partial] = [
  z.partialRecord(z.enum(["a", "b"]), z.int()),
  v.partialRecord(v.enum(["a", "b"]), v.int()),
];
same<z.output<typeof zodPartial>, v.output<typeof partial>>(true);

const [zodPipe, pipe] = [
  z.pipe(
    z.string(),
    z.transform((text: string) => text.length),
  ),
  v.pipe(
    v.string(),
    v.transform((text: string) => text.length),
  ),
];
same<z.output<typeof zodPipe>, v.output<typeof pipe>>(true);
same<z.input<typeof zodPipe>, v.input<typeof pipe>>(true);

const [zodCoerced, coerced] = [z.coerce.number(), v.coerce.number()];
same<z.output<typeof zodCoerced>, v.output<typeof coerced>>(true);
same<z.input<typeof zodCoerced>, v.input<typeof coerced>>(true);

const [zodMap, map] = [
  z.map(z.string(), z.set(z.int())),
  v.map(v.string(), v.set(v.int())),
];
same<z.output<typeof zodMap>, v.output<typeof map>>(true);

const [zodPartialObject, partialObject] = [
  z.partial(zodObject, { b: true }),
  v.partial(object, { b: true }),
];
same<z.output<typeof zodPartialObject>, v.output<typeof partialObject>>(true);

const [zodExtended, extended] = [
  z.extend(zodObject, { a: z.string() }),
  v.extend(object, { a: v.string() }),
];
same<z.output<typeof zodExtended>, v.output<typeof extended>>(true);
