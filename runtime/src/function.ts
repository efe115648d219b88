/** `query` and `mutation`: what turns a handler into a function that can be deployed. */

import type { Ctx } from "./context.js";
import type { AnySchema, InputOf, OutputOf, Schema } from "./schema.js";
import { checkArguments, checkResult } from "./validate.js";

/** What an author writes: arguments first, the context second. */
export type Handler<Args, Result, Input = Args> = (
  args: Args,
  ctx: Ctx<Input>,
) => Result;

/** A deployable function: called with a context, and branded with its kind. */
export interface StopgapFunction<
  Kind extends "query" | "mutation",
  Input = unknown,
  Result = unknown,
> {
  (ctx: Ctx<Input>): Result;
  /** `query` functions read, `mutation` functions write. */
  readonly kind: Kind;
}

/** A function that reads; the database refuses its writes. */
export type Query<Input = unknown, Result = unknown> = StopgapFunction<
  "query",
  Input,
  Result
>;

/** A function that may write. */
export type Mutation<Input = unknown, Result = unknown> = StopgapFunction<
  "mutation",
  Input,
  Result
>;

/** A function with a schema for its arguments and, maybe, one for its result. */
export interface Definition<
  Args extends AnySchema,
  Returns extends AnySchema,
  Result extends InputOf<Returns> | Promise<InputOf<Returns>>,
> {
  args: Args;
  returns?: Returns;
  handler: Handler<OutputOf<Args>, Result, InputOf<Args>>;
}

/** What a caller gets: what the result's schema, if there is one, gives back. */
export type Checked<Result, Returns extends AnySchema> = AnySchema extends Returns
  ? Result
  : Result extends Promise<unknown>
    ? Promise<OutputOf<Returns>>
    : OutputOf<Returns>;

/** The arguments of a deployable function, or those that a schema lets through. */
export type InferArgs<Source> =
  Source extends StopgapFunction<"query" | "mutation", infer Input>
    ? Input
    : Source extends AnySchema
      ? OutputOf<Source>
      : never;

interface AnyDefinition {
  args: Schema;
  returns?: Schema | undefined;
  handler: Handler<unknown, unknown>;
}

/**
 * Makes a function that reads.
 *
 * @example
 * ```ts
 * import { query, v } from "@stopgap/runtime";
 *
 * export default query(v.object({ id: v.int() }), async ({ id }, ctx) => {
 *   const [row] = await ctx.db.query("select * from product where id = $1", [id]);
 *   return row ?? null;
 * });
 * ```
 */
export function query<Args extends AnySchema, Result>(
  args: Args,
  handler: Handler<OutputOf<Args>, Result, InputOf<Args>>,
): Query<InputOf<Args>, Result>;
export function query<
  Args extends AnySchema,
  Returns extends AnySchema,
  Result extends InputOf<Returns> | Promise<InputOf<Returns>>,
>(
  definition: Definition<Args, Returns, Result>,
): Query<InputOf<Args>, Checked<Result, Returns>>;
export function query<Args, Result>(
  handler: Handler<Args, Result>,
): Query<Args, Result>;
export function query(
  first: Schema | AnyDefinition | Handler<unknown, unknown>,
  handler?: Handler<unknown, unknown>,
): Query {
  return make("query", first, handler);
}

/**
 * Makes a function that may write.
 *
 * @example
 * ```ts
 * import { mutation, v } from "@stopgap/runtime";
 *
 * export default mutation({
 *   args: v.object({ name: v.string() }),
 *   returns: v.object({ id: v.int() }),
 *   handler: async ({ name }, ctx) => {
 *     const sql = "insert into product (name) values ($1) returning id";
 *     const [row] = await ctx.db.query<{ id: number }>(sql, [name]);
 *     if (row === undefined) throw new Error("nothing was inserted");
 *     return row;
 *   },
 * });
 * ```
 */
export function mutation<Args extends AnySchema, Result>(
  args: Args,
  handler: Handler<OutputOf<Args>, Result, InputOf<Args>>,
): Mutation<InputOf<Args>, Result>;
export function mutation<
  Args extends AnySchema,
  Returns extends AnySchema,
  Result extends InputOf<Returns> | Promise<InputOf<Returns>>,
>(
  definition: Definition<Args, Returns, Result>,
): Mutation<InputOf<Args>, Checked<Result, Returns>>;
export function mutation<Args, Result>(
  handler: Handler<Args, Result>,
): Mutation<Args, Result>;
export function mutation(
  first: Schema | AnyDefinition | Handler<unknown, unknown>,
  handler?: Handler<unknown, unknown>,
): Mutation {
  return make("mutation", first, handler);
}

function make<Kind extends "query" | "mutation">(
  kind: Kind,
  first: Schema | AnyDefinition | Handler<unknown, unknown>,
  second: Handler<unknown, unknown> | undefined,
): StopgapFunction<Kind> {
  if (typeof first === "function" && second === undefined) {
    const handler = first;
    return brand(kind, (ctx) => handler(ctx.args, ctx));
  }
  if (typeof first !== "object" || first === null) throw misuse(kind);
  const { args, returns, handler } =
    "_zod" in first ? { args: first, returns: undefined, handler: second } : first;
  if (typeof handler !== "function" || typeof args?.safeParse !== "function") {
    throw misuse(kind);
  }
  if (returns === undefined) {
    return brand(kind, (ctx) => handler(checkArguments(args, ctx.args), ctx));
  }
  return brand(kind, (ctx) => {
    const result = handler(checkArguments(args, ctx.args), ctx);
    return result instanceof Promise
      ? result.then((value: unknown) => checkResult(returns, value))
      : checkResult(returns, result);
  });
}

function misuse(kind: string): TypeError {
  return new TypeError(
    `${kind}() takes a handler, a schema and a handler, or { args, returns, handler }`,
  );
}

function brand<Kind extends "query" | "mutation">(
  kind: Kind,
  call: (ctx: Ctx) => unknown,
): StopgapFunction<Kind> {
  return Object.defineProperty(call, "kind", {
    value: kind,
    enumerable: true,
  }) as StopgapFunction<Kind>;
}
