/**
 * The integers of `v`: whatever JSON writes as one is one.
 *
 * In the database an integer of a document is a number up to 2^53 and a bigint beyond,
 * and an `int8` is a bigint. Which of the two a value is says how large it is, or where
 * it came from, and not whether it is right. So a schema takes both and gives back what
 * it is called after.
 */

import * as z from "zod/mini";

type Payload = z.core.ParsePayload;

/** A class of zod's whose schemas see `change(value)` in place of the value. */
function changing(
  name: string,
  parent: z.core.$constructor<z.core.$ZodType>,
  change: (value: unknown) => unknown,
): unknown {
  return z.core.$constructor<z.core.$ZodType>(name, (schema, definition) => {
    parent.init(schema, definition as never);
    const { parse } = schema._zod;
    schema._zod.parse = (payload: Payload, context) => {
      payload.value = change(payload.value);
      return parse(payload, context);
    };
  });
}

/** A bigint as a number, which the schema refuses where it is not a safe integer. */
function toNumber(value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

/** An integral number as a bigint; one that may stand for several integers stays. */
function toBigInt(value: unknown): unknown {
  return Number.isSafeInteger(value) ? BigInt(value as number) : value;
}

const Format = changing(
  "StopgapNumberFormat",
  z.ZodMiniNumberFormat as never,
  toNumber,
) as typeof z.ZodMiniNumberFormat;
const AnyBigInt = changing(
  "StopgapBigInt",
  z.ZodMiniBigInt as never,
  toBigInt,
) as typeof z.ZodMiniBigInt;
const BigIntFormat = changing(
  "StopgapBigIntFormat",
  z.ZodMiniBigIntFormat as never,
  toBigInt,
) as typeof z.ZodMiniBigIntFormat;

type NumberParams = Parameters<typeof z.int>[0];
type BigIntParams = Parameters<typeof z.int64>[0];

/** What `v` has in the place of zod's members of these names. */
export const integers = {
  int: (params?: NumberParams) => z.core._int(Format, params),
  int32: (params?: NumberParams) => z.core._int32(Format, params),
  uint32: (params?: NumberParams) => z.core._uint32(Format, params),
  bigint: (params?: Parameters<typeof z.bigint>[0]) =>
    z.core._bigint(AnyBigInt, params),
  int64: (params?: BigIntParams) => z.core._int64(BigIntFormat, params),
  uint64: (params?: BigIntParams) => z.core._uint64(BigIntFormat, params),
};
