/**
 * `ctx`, made anew for every call.
 *
 * Each object carries the token of its call in a private field; the natives refuse every
 * token but that of the innermost call, so a `ctx` that was kept is of no use later.
 * Everything but `args` and `fn` is made when it is first asked for: most calls use little
 * of it, and a call is to cost no more than a microsecond.
 */

import type {
  Ctx as CtxType,
  Db as DbType,
  ExecResult,
  FunctionIdentity,
  SqlInput,
  SyncDb as SyncDbType,
  TimestampTz,
} from "@stopgap/runtime";
import { natives, type Row } from "./natives.js";
import { normalizeSql } from "./sql-input.js";

export type Mode = "ro" | "rw";

class SyncDb implements SyncDbType {
  readonly #token: number;

  constructor(token: number) {
    this.#token = token;
  }

  query<T = Row>(input: SqlInput, params?: readonly unknown[]): T[] {
    const statement = normalizeSql(input, params);
    return natives().querySync(this.#token, statement.sql, statement.params) as T[];
  }

  exec(input: SqlInput, params?: readonly unknown[]): ExecResult {
    const statement = normalizeSql(input, params);
    return natives().execSync(this.#token, statement.sql, statement.params);
  }
}

class Db implements DbType {
  readonly mode: Mode;
  readonly #token: number;
  #sync: SyncDb | undefined;

  constructor(token: number, mode: Mode) {
    this.#token = token;
    this.mode = mode;
  }

  get sync(): SyncDb {
    return (this.#sync ??= new SyncDb(this.#token));
  }

  query<T = Row>(input: SqlInput, params?: readonly unknown[]): Promise<T[]> {
    try {
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
}

/**
 * What an async function would do with an exception, without the three turns of the
 * microtask queue that returning a promise from one costs.
 */
function rejected(error: unknown): Promise<never> {
  return Promise.reject(error as Error);
}

export class Ctx implements CtxType {
  readonly args: unknown;
  readonly fn: FunctionIdentity;
  readonly #token: number;
  readonly #mode: Mode;
  #db: Db | undefined;

  constructor(token: number, fn: FunctionIdentity, args: unknown, mode: Mode) {
    this.args = args;
    this.fn = fn;
    this.#token = token;
    this.#mode = mode;
  }

  get db(): Db {
    return (this.#db ??= new Db(this.#token, this.#mode));
  }

  get now(): TimestampTz {
    return natives().now() as TimestampTz;
  }
}

/** What the realm freezes because user code can reach it through a `ctx`. */
export const contextClasses = [Ctx, Db, SyncDb];
