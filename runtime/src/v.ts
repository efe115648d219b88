/** `v`: schemas for arguments and results, on top of `zod/mini`. */

import en from "zod/v4/locales/en.js";
import * as z from "zod/mini";
import { integers } from "./integer.js";
import type { AnySchema, InputOf, OutputOf, Validators } from "./schema.js";

z.config({
  ...en(),
  // Generated code is faster, and refused in the database.
  jitless: true,
});

const members = {
  any: z.any,
  unknown: z.unknown,
  never: z.never,
  null: z.null,
  undefined: z.undefined,
  void: z.void,
  boolean: z.boolean,
  string: z.string,
  symbol: z.symbol,
  date: z.date,
  json: z.json,
  literal: z.literal,
  enum: z.enum,
  number: z.number,
  nan: z.nan,
  int: integers.int,
  int32: integers.int32,
  uint32: integers.uint32,
  float32: z.float32,
  float64: z.float64,
  bigint: integers.bigint,
  int64: integers.int64,
  uint64: integers.uint64,
  base64: z.base64,
  base64url: z.base64url,
  cidrv4: z.cidrv4,
  cidrv6: z.cidrv6,
  e164: z.e164,
  email: z.email,
  emoji: z.emoji,
  guid: z.guid,
  hex: z.hex,
  hostname: z.hostname,
  httpUrl: z.httpUrl,
  ipv4: z.ipv4,
  ipv6: z.ipv6,
  jwt: z.jwt,
  mac: z.mac,
  nanoid: z.nanoid,
  ulid: z.ulid,
  url: z.url,
  uuid: z.uuid,
  uuidv4: z.uuidv4,
  uuidv6: z.uuidv6,
  uuidv7: z.uuidv7,
  stringFormat: z.stringFormat,
  stringbool: z.stringbool,
  iso: Object.freeze({
    date: z.iso.date,
    datetime: z.iso.datetime,
    duration: z.iso.duration,
    time: z.iso.time,
  }),
  coerce: Object.freeze({
    bigint: z.coerce.bigint,
    boolean: z.coerce.boolean,
    date: z.coerce.date,
    number: z.coerce.number,
    string: z.coerce.string,
  }),
  object: z.strictObject,
  strictObject: z.strictObject,
  looseObject: z.looseObject,
  keyof: z.keyof,
  extend: z.extend,
  pick: z.pick,
  omit: z.omit,
  partial: z.partial,
  required: z.required,
  catchall: z.catchall,
  array: z.array,
  tuple: z.tuple,
  record: z.record,
  partialRecord: z.partialRecord,
  map: z.map,
  set: z.set,
  union: z.union,
  discriminatedUnion: z.discriminatedUnion,
  intersection: z.intersection,
  optional: z.optional,
  nonoptional: z.nonoptional,
  nullable: z.nullable,
  nullish: z.nullish,
  readonly: z.readonly,
  default: z._default,
  prefault: z.prefault,
  catch: z.catch,
  lazy: z.lazy,
  pipe: z.pipe,
  transform: z.transform,
  custom: z.custom,
  instanceof: z.instanceof,
  check: z.check,
  refine: z.refine,
  overwrite: z.overwrite,
  property: z.property,
  lt: z.lt,
  lte: z.lte,
  gt: z.gt,
  gte: z.gte,
  minimum: z.minimum,
  maximum: z.maximum,
  positive: z.positive,
  negative: z.negative,
  nonpositive: z.nonpositive,
  nonnegative: z.nonnegative,
  multipleOf: z.multipleOf,
  size: z.size,
  minSize: z.minSize,
  maxSize: z.maxSize,
  length: z.length,
  minLength: z.minLength,
  maxLength: z.maxLength,
  regex: z.regex,
  lowercase: z.lowercase,
  uppercase: z.uppercase,
  includes: z.includes,
  startsWith: z.startsWith,
  endsWith: z.endsWith,
  normalize: z.normalize,
  trim: z.trim,
  toLowerCase: z.toLowerCase,
  toUpperCase: z.toUpperCase,
  parse: z.parse,
  safeParse: z.safeParse,
  prettifyError: z.prettifyError,
} satisfies Record<keyof Validators, unknown>;

/**
 * Schemas: what arguments must look like, checked before a handler runs and known to
 * the compiler as its parameter types.
 *
 * @example
 * ```ts
 * import { v } from "@stopgap/runtime";
 *
 * const Item = v.object({ sku: v.string(), quantity: v.int().check(v.positive()) });
 * type Item = v.infer<typeof Item>;
 * ```
 */
export const v: Validators = Object.freeze(members as unknown as Validators);

// eslint-style rules against namespaces do not apply: this one holds types only, so that
// `v.infer<typeof schema>` reads as it does with zod.
export declare namespace v {
  /** The type of what a schema gives back. */
  export type infer<S extends AnySchema> = OutputOf<S>;
  /** The same under the name that distinguishes it from {@link input}. */
  export type output<S extends AnySchema> = OutputOf<S>;
  /** The type of what a schema takes. */
  export type input<S extends AnySchema> = InputOf<S>;
}
