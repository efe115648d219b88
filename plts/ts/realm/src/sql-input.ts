/** Turns every form of `SqlInput` into text and a clean array of parameters. */

import { JsonParameter, SqlError, type SqlInput } from "@stopgap/runtime";

/** PostgreSQL's own limit on the parameters of a statement. */
const mostParameters = 65535;

/** What the natives take: text, and a dense array without accessors. */
export interface Statement {
  sql: string;
  params: unknown[] | undefined;
}

/** Reads an `SqlInput`; parameters given beside it win over its own. */
export function normalizeSql(
  input: SqlInput,
  params: readonly unknown[] | undefined,
): Statement {
  if (typeof input === "string") {
    return { sql: input, params: cleanParameters(params) };
  }
  if (typeof input !== "object" || input === null) throw wrongInput(input);
  const source = "toSQL" in input ? input.toSQL() : input;
  if (typeof source !== "object" || source === null) throw wrongInput(source);
  const { sql } = source;
  if (typeof sql !== "string") throw wrongInput(sql);
  return { sql, params: cleanParameters(params ?? source.params) };
}

/** Copies the parameters, so that no getter of theirs runs once SQL has begun. */
function cleanParameters(
  params: readonly unknown[] | undefined,
): unknown[] | undefined {
  if (params === undefined || params === null) return undefined;
  if (!Array.isArray(params)) {
    throw new TypeError(`parameters must be an array, not ${kindOf(params)}`);
  }
  const { length } = params;
  if (length > mostParameters) {
    throw new SqlError({
      code: "54000",
      message: `too many parameters: ${length}`,
      detail: `A statement takes at most ${mostParameters} parameters.`,
      hint: "Pass many values as one array parameter: where id = any($1)",
    });
  }
  const clean: unknown[] = [];
  for (let i = 0; i < length; i++) {
    const value: unknown = params[i];
    // Not clean[i]: where the prototypes are frozen, V8 leaves that to its runtime.
    clean.push(isUndefinedJson(value) ? null : value);
  }
  return clean;
}

/** What `json` made of no value at all, which is SQL's NULL. */
function isUndefinedJson(value: unknown): boolean {
  return value instanceof JsonParameter && value.value === undefined;
}

function wrongInput(value: unknown): TypeError {
  return new TypeError(
    `SQL must be a string, { sql, params } or an object with toSQL(), not ${kindOf(value)}`,
  );
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : typeof value;
}
