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

/** How a cursor reads. */
export interface CursorOptions {
  /** How many rows are fetched at once; 256 unless given. */
  fetchSize?: number | undefined;
}

/** The database without promises: the same calls, answered at once. */
export interface SyncDb {
  query<Row = Record<string, unknown>>(
    sql: SqlInput,
    params?: readonly unknown[],
  ): Row[];
  exec(sql: SqlInput, params?: readonly unknown[]): ExecResult;
  cursor<Row = Record<string, unknown>>(
    sql: SqlInput,
    params?: readonly unknown[],
    options?: CursorOptions,
  ): Iterable<Row>;
  savepoint<T>(body: (db: Db) => T): T;
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
  /**
   * The rows of a query, fetched as they are asked for.
   *
   * Each loop over it runs the query anew, and closes it however the loop is left.
   */
  cursor<Row = Record<string, unknown>>(
    sql: SqlInput,
    params?: readonly unknown[],
    options?: CursorOptions,
  ): AsyncIterable<Row>;
  /**
   * Runs `body` so that all it did through its `db` is undone where it throws.
   *
   * A statement in it that fails, fails all of it, even if the error is caught.
   */
  savepoint<T>(body: (db: Db) => T | Promise<T>): Promise<T>;
  readonly sync: SyncDb;
  /** Commits and begins the next transaction: in procedures and `DO` blocks only. */
  commit(): void;
  /** Rolls back and begins the next transaction: in procedures and `DO` blocks only. */
  rollback(): void;
}

/** The function being called. */
export interface FunctionIdentity {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
}

/** Who calls. */
export interface User {
  /** Who logged in: `session_user`. */
  readonly session: string;
  /** Whom the session acts for: what `SET ROLE` chose, or who logged in. */
  readonly role: string;
  /** Whose privileges are in force: `current_user`, the owner in SECURITY DEFINER. */
  readonly current: string;
}

/** Settings of the server, of extensions and of one's own (`app.tenant`). */
export interface Settings {
  /** The value as text; null where nothing of that name is known. */
  get(name: string): string | null;
  /**
   * Sets a value until the transaction ends, or with `local: false` for the session;
   * null sets the default.
   */
  set(
    name: string,
    value: string | number | boolean | null,
    options?: { local?: boolean | undefined },
  ): void;
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
  readonly user: User;
  readonly settings: Settings;
}
