/** The types of `ctx`: what every stopgap function is called with. */

import type { EventTrigger, Trigger } from "./trigger.js";
import type { TimestampTz } from "./value.js";
import type { Window } from "./window.js";

/** An SQL statement: text, text with parameters, or what a query builder makes. */
export type SqlInput =
  | string
  | { sql: string; params?: readonly unknown[] | undefined }
  | { toSQL(): { sql: string; params?: readonly unknown[] | undefined } };

/** What a statement run for its effect reports. */
export interface ExecResult {
  ok: true;
  rowCount: number;
}

/** The database without promises: the same calls, answered at once. */
export interface SyncDb {
  query<Row = Record<string, unknown>>(
    sql: SqlInput,
    params?: readonly unknown[],
  ): Row[];
  exec(sql: SqlInput, params?: readonly unknown[]): ExecResult;
}

/** The database, inside the caller's transaction. */
export interface Db {
  /** `ro` in a query, where statements that write are refused. */
  readonly mode: "ro" | "rw";
  query<Row = Record<string, unknown>>(
    sql: SqlInput,
    params?: readonly unknown[],
  ): Promise<Row[]>;
  exec(sql: SqlInput, params?: readonly unknown[]): Promise<ExecResult>;
  readonly sync: SyncDb;
}

/** The function being called. */
export interface FunctionIdentity {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
}

/** The context of one call; it and all it hands out work during that call only. */
export interface Ctx<Args = unknown> {
  readonly args: Args;
  readonly db: Db;
  readonly fn: FunctionIdentity;
  /** Start of the transaction, ISO 8601. */
  readonly now: TimestampTz;
  /** In triggers only. */
  readonly trigger?: Trigger;
  /** In event triggers only. */
  readonly event?: EventTrigger;
  /** In window functions only. */
  readonly window?: Window;
}
