/**
 * The types of SQL values that have no exact TypeScript twin, and what makes them.
 *
 * In the database each of these is a string at run time; the types keep them from being
 * mixed up with ordinary text or, worse, added as if they were numbers.
 */

import type { Decimal } from "./decimal.js";

/** Anything JSON can say. Integers beyond 2^53 arrive as bigint. */
export type Json =
  null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

declare const numericBrand: unique symbol;
declare const timestampBrand: unique symbol;
declare const timestamptzBrand: unique symbol;
declare const dateBrand: unique symbol;
declare const timeBrand: unique symbol;

/**
 * A value of SQL type `numeric` or `money`: exact decimal text.
 *
 * Declared as an opaque object although it is a string at run time, because TypeScript
 * allows `+` on every kind of string: `a + b` would quietly glue two amounts together.
 * Use `new Decimal(x)` to calculate, `String(x)` for its text, `Number(x)` where rounding
 * is acceptable.
 */
export interface Numeric {
  readonly [numericBrand]: true;
  toString(): string;
}

/** A value of SQL type `timestamp`, as ISO 8601 text with microseconds. */
export type Timestamp = string & { readonly [timestampBrand]: true };

/** A value of SQL type `timestamptz`, as ISO 8601 text with microseconds and offset. */
export type TimestampTz = string & { readonly [timestamptzBrand]: true };

/** A value of SQL type `date`, as ISO 8601 text. */
export type SqlDate = string & { readonly [dateBrand]: true };

/** A value of SQL type `time`, as ISO 8601 text with microseconds. */
export type SqlTime = string & { readonly [timeBrand]: true };

/** What may be given where SQL wants a `numeric`. */
export type NumericInput = Numeric | Decimal | number | bigint;

/** What may be given where SQL wants an `int8`; a number must be a safe integer. */
export type BigIntInput = bigint | number;

/** What may be given where SQL wants a `timestamp`, `timestamptz`, `date` or `time`. */
export type TimestampInput = string | Date;

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$|^NaN$|^[+-]?Infinity$/;

/**
 * Makes a `Numeric` of decimal text, a number or a bigint.
 *
 * @example
 * ```ts
 * import { numeric } from "@stopgap/runtime";
 *
 * const price = numeric("19.90");
 * ```
 */
export function numeric(value: string | number | bigint): Numeric {
  const text = String(value);
  if (!decimal.test(text)) {
    throw new TypeError(`not a decimal number: ${JSON.stringify(text)}`);
  }
  return text as unknown as Numeric;
}
