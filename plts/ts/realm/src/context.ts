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
  FunctionIdentity,
  TimestampTz,
  User,
} from "@stopgap/runtime";
import { cursorClasses } from "./cursor.js";
import { Db, type Mode, SyncDb } from "./database.js";
import { natives } from "./natives.js";
import { Settings } from "./settings.js";

export type { Mode } from "./database.js";

export class Ctx implements CtxType {
  readonly args: unknown;
  readonly fn: FunctionIdentity;
  readonly #token: number;
  readonly #mode: Mode;
  #db: Db | undefined;
  #settings: Settings | undefined;

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

  get user(): User {
    return natives().user(this.#token);
  }

  get settings(): Settings {
    return (this.#settings ??= new Settings(this.#token));
  }
}

/** What the realm freezes because user code can reach it through a `ctx`. */
export const contextClasses = [Ctx, Db, SyncDb, Settings, ...cursorClasses];
