/**
 * `ctx.db`: statements, cursors and savepoints.
 *
 * Each object carries a token in a private field: that of its call, or that of its
 * savepoint. The natives refuse every token but that of what is innermost.
 */

import type {
  CursorOptions,
  Db as DbType,
  ExecResult,
  SqlInput,
  SyncDb as SyncDbType,
} from "@stopgap/runtime";
import { Cursor, fetchSizeOf, SyncCursor } from "./cursor.js";
import { natives, type Row } from "./natives.js";
import { normalizeSql } from "./sql-input.js";

export type Mode = "ro" | "rw";

export class SyncDb implements SyncDbType {
  readonly #token: number;
  readonly #mode: Mode;

  constructor(token: number, mode: Mode) {
    this.#token = token;
    this.#mode = mode;
  }

  query<T = Row>(input: SqlInput, params?: readonly unknown[]): T[] {
    const statement = normalizeSql(input, params);
    return natives().querySync(this.#token, statement.sql, statement.params) as T[];
  }

  exec(input: SqlInput, params?: readonly unknown[]): ExecResult {
    const statement = normalizeSql(input, params);
    return natives().execSync(this.#token, statement.sql, statement.params);
  }

  cursor<T = Row>(
    input: SqlInput,
    params?: readonly unknown[],
    options?: CursorOptions,
  ): Iterable<T> {
    const statement = normalizeSql(input, params);
    return new SyncCursor(this.#token, statement, fetchSizeOf(options)) as Iterable<T>;
  }

  savepoint<T>(body: (db: DbType) => T): T {
    if (typeof body !== "function") throw noFunction();
    const mode = this.#mode;
    return natives().savepointSync(this.#token, (token) => {
      const result = body(new Db(token, mode));
      if (result instanceof Promise) {
        // Its statements would run when the savepoint is over.
        result.catch(() => undefined);
        throw new TypeError(
          "db.sync.savepoint takes a function that is not async; await db.savepoint",
        );
      }
      return result;
    }) as T;
  }
}

export class Db implements DbType {
  readonly mode: Mode;
  readonly #token: number;
  #sync: SyncDb | undefined;

  constructor(token: number, mode: Mode) {
    this.#token = token;
    this.mode = mode;
  }

  get sync(): SyncDb {
    return (this.#sync ??= new SyncDb(this.#token, this.mode));
  }

  query<T = Row>(input: SqlInput, params?: readonly unknown[]): Promise<T[]> {
    try {
      if (typeof input === "string" && params === undefined) {
        return natives().query(this.#token, input, params) as Promise<T[]>;
      }
      const statement = normalizeSql(input, params);
      return natives().query(this.#token, statement.sql, statement.params) as Promise<
        T[]
      >;
    } catch (error) {
      return rejected(error);
    }
  }

  exec(input: SqlInput, params?: readonly unknown[]): Promise<ExecResult> {
    try {
      const statement = normalizeSql(input, params);
      return natives().exec(this.#token, statement.sql, statement.params);
    } catch (error) {
      return rejected(error);
    }
  }

  cursor<T = Row>(
    input: SqlInput,
    params?: readonly unknown[],
    options?: CursorOptions,
  ): AsyncIterable<T> {
    const statement = normalizeSql(input, params);
    return new Cursor(this.#token, statement, fetchSizeOf(options)) as AsyncIterable<T>;
  }

  async savepoint<T>(body: (db: DbType) => T | Promise<T>): Promise<T> {
    if (typeof body !== "function") throw noFunction();
    const token = await natives().savepoint(this.#token);
    let result: T;
    try {
      result = await body(new Db(token, this.mode));
    } catch (error) {
      await natives().rollbackSavepoint(token);
      throw error;
    }
    await natives().releaseSavepoint(token);
    return result;
  }

  commit(): void {
    natives().commit(this.#token);
  }

  rollback(): void {
    natives().rollback(this.#token);
  }
}

function noFunction(): TypeError {
  return new TypeError("savepoint takes a function: savepoint(async (db) => { … })");
}

/**
 * What an async function would do with an exception, without the three turns of the
 * microtask queue that returning a promise from one costs.
 */
function rejected(error: unknown): Promise<never> {
  return Promise.reject(error as Error);
}
