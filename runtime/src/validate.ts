/** Checks values against schemas, and says what is wrong with them as an SqlError. */

import type { Issue, Schema } from "./schema.js";
import { SqlError } from "./sql-error.js";

/** The arguments as the schema gives them back; SQLSTATE 22023 with every issue. */
export function checkArguments(schema: Schema, value: unknown): unknown {
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  throw failure("22023", "argument", checked.error.issues);
}

/** The result as the schema gives it back; SQLSTATE 39000 with every issue. */
export function checkResult(schema: Schema, value: unknown): unknown {
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  throw failure("39000", "result", checked.error.issues);
}

function failure(code: string, what: string, issues: readonly Issue[]): SqlError {
  const lines = issues.map(({ path, message }) =>
    path.length === 0 ? message : `${pathText(path)}: ${message}`,
  );
  const [first = "no issue was reported"] = lines;
  const more = lines.length > 1 ? ` (and ${lines.length - 1} more)` : "";
  return new SqlError({
    code,
    message: `invalid ${what}: ${first}${more}`,
    detail: lines.join("\n"),
  });
}

function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (typeof key === "symbol") text += `[${String(key)}]`;
    else if (/^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(key)) {
      text += text === "" ? key : `.${key}`;
    } else text += `[${JSON.stringify(key)}]`;
  }
  return text;
}
