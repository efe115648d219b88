/**
 * Binds any value to a json or jsonb parameter.
 *
 * A string given for such a parameter is JSON text, as in node-postgres; `json("x")` is
 * how to say the JSON string "x".
 */

/** A value that is bound as JSON; made by {@link json}. */
export class JsonParameter {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }

  /** The value, where it is a part of another or what the database binds. */
  toJSON(): unknown {
    return this.value;
  }

  /** The JSON text; the name is the one that node-postgres asks parameters for. */
  toPostgres(): string | null {
    return stringifyJson(this.value) ?? null;
  }
}

/**
 * Wraps a value so that it is bound as JSON.
 *
 * @example
 * ```ts
 * import { json, type Ctx } from "@stopgap/runtime";
 *
 * export default async function (ctx: Ctx<{ tags: string[] }>) {
 *   await ctx.db.exec("insert into note (tags) values ($1)", [json(ctx.args.tags)]);
 * }
 * ```
 */
export function json(value: unknown): JsonParameter {
  return new JsonParameter(value);
}

/**
 * JSON text of a value, where a bigint is a plain JSON number.
 *
 * `JSON.stringify` refuses bigints, and they are what large integers of a jsonb document
 * arrive as: what was read must be writable again. What it would leave out or change
 * without a word is a TypeError, as in the database.
 */
export function stringifyJson(value: unknown): string | undefined {
  let bigints: string[] | undefined;
  let mark = "";
  const text = JSON.stringify(value, function (this: unknown, key, member: unknown) {
    // What toJSON was asked of is in the object that holds it.
    const given = (this as Record<string, unknown>)[key];
    if (given instanceof Date && Number.isNaN(given.getTime())) throw noJson(given);
    if (typeof member !== "bigint") return checked(member);
    bigints ??= [];
    mark ||= unusedMark(value);
    return mark + (bigints.push(member.toString()) - 1);
  }) as string | undefined;
  if (bigints === undefined || text === undefined) return text;
  const numbers = bigints;
  return text.replace(new RegExp(`"${mark}(\\d+)"`, "g"), (_all, index: string) => {
    return numbers[Number(index)] ?? "null";
  });
}

/** The member, where JSON has a form for it. */
function checked(member: unknown): unknown {
  switch (typeof member) {
    case "function":
    case "symbol":
      throw noJson(member);
    case "number":
      if (!Number.isFinite(member)) throw noJson(member);
      return member;
    case "object":
      if (member !== null && hidesContent(member)) throw noJson(member);
      return member;
    default:
      return member;
  }
}

const opaque = [Map, Set, WeakMap, WeakSet, Promise, RegExp, Error, ArrayBuffer];
const boxed = [Number, String, Boolean, BigInt];

/** Whether an object holds what is not among its properties. */
function hidesContent(value: object): boolean {
  if (Array.isArray(value)) return false;
  if (ArrayBuffer.isView(value)) return true;
  if (opaque.some((type) => value instanceof type)) return true;
  if (Object.keys(value).length > 0) return false;
  if (boxed.some((type) => value instanceof type)) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype !== null && Object.getPrototypeOf(prototype) !== null;
}

function noJson(value: unknown): TypeError {
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  const what = typeof value === "number" ? String(value) : `a value of kind ${kind}`;
  return new TypeError(`${what} has no form in JSON`);
}

/** A string that occurs nowhere in the JSON text of the value. */
function unusedMark(value: unknown): string {
  const text =
    JSON.stringify(value, (_key, member: unknown) =>
      typeof member === "bigint" ? 0 : member,
    ) ?? "";
  let mark = "bigint:";
  while (text.includes(mark)) mark = `${mark.length}${mark}`;
  return mark;
}
