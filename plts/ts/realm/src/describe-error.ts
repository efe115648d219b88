/**
 * Says what a thrown value is, in strings that PostgreSQL can report.
 *
 * Whatever was thrown (a proxy, a revoked one, an object whose getters throw), this answers.
 */

import { SqlError } from "@stopgap/runtime";
import { inspect } from "./inspect.js";
import { mapStack } from "./stack.js";

const mostText = 65_536;
const mostCauses = 8;

const detailFields = [
  "code",
  "detail",
  "hint",
  "constraint",
  "schema",
  "table",
  "column",
  "datatype",
] as const;

export type ErrorDescription = {
  name: string;
  message: string;
  /** Frames in TypeScript coordinates, one a line; causes after the frames. */
  stack: string;
  isSqlError: boolean;
} & { [Field in (typeof detailFields)[number]]?: string };

/** Describes anything that was thrown; never throws. */
export function describeError(thrown: unknown): ErrorDescription {
  try {
    const description: ErrorDescription = {
      name: clean(nameOf(thrown)),
      message: clean(messageOf(thrown)),
      stack: clean(stackOf(thrown)),
      isSqlError: SqlError.isSqlError(thrown),
    };
    if (SqlError.isSqlError(thrown)) {
      for (const field of detailFields) {
        const text = textOf(thrown, field);
        if (text !== undefined) description[field] = clean(text);
      }
    }
    return description;
  } catch {
    // Only a stack overflow in here, or the like, gets this far.
    return { name: "Error", message: "unknown error", stack: "", isSqlError: false };
  }
}

function nameOf(thrown: unknown): string {
  return textOf(thrown, "name") ?? "";
}

function messageOf(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  const message = textOf(thrown, "message");
  if (message !== undefined && message !== "") return message;
  return nameOf(thrown) || inspect(thrown);
}

function stackOf(thrown: unknown): string {
  const lines: string[] = [];
  let current: unknown = thrown;
  const seen: unknown[] = [];
  while (seen.length < mostCauses && !seen.includes(current)) {
    seen.push(current);
    if (seen.length > 1) lines.push(`caused by: ${titleOf(current)}`);
    const stack = framesOf(current);
    if (stack !== "") lines.push(stack);
    const cause = member(current, "cause");
    if (cause === undefined) break;
    current = cause;
  }
  return lines.join("\n");
}

function titleOf(error: unknown): string {
  const name = nameOf(error);
  const message = messageOf(error);
  return name === "" || name === message ? message : `${name}: ${message}`;
}

function framesOf(error: unknown): string {
  const stack = textOf(error, "stack");
  if (stack === undefined) return "";
  try {
    return mapStack(stack.slice(0, mostText));
  } catch {
    // A source map that does not parse must not hide the error itself.
    return "";
  }
}

function textOf(value: unknown, key: string): string | undefined {
  const text = member(value, key);
  return typeof text === "string" ? text : undefined;
}

function member(value: unknown, key: string): unknown {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") {
    return undefined;
  }
  try {
    return Reflect.get(value, key);
  } catch {
    return undefined;
  }
}

/** Text that the server's encoding can hold: no NUL, no half of a surrogate pair. */
function clean(text: string): string {
  const short = text.length > mostText ? `${text.slice(0, mostText)}…` : text;
  return short.replace(/\0|\p{Surrogate}/gu, "\uFFFD");
}
