/** What C++ gives the realm: the only way out of JavaScript. */

import type { ExecResult, User } from "@stopgap/runtime";

export type Row = Record<string, unknown>;

/** Severity of a console call. */
export const Level = { debug: 0, info: 1, warn: 2, error: 3 } as const;

/** Where a window function counts rows from, by the numbers of PostgreSQL's API. */
export const WindowOrigin = { current: 0, head: 1, tail: 2 } as const;

/** Where the code of a compiled module came from. */
export interface ModuleOrigin {
  /** What to print for it in stacks, such as `shop.add_item`. */
  name: string;
  /** Lines to subtract from a mapped line: a plain body has one header line. */
  lineOffset: number;
  /** Source map, version 3; empty where lines are the same. */
  sourceMap: string;
}

/**
 * Functions in C++. A token names a call, or a savepoint of one; they refuse any but the
 * innermost one.
 */
export interface Natives {
  query(token: number, sql: string, params: unknown[] | undefined): Promise<Row[]>;
  exec(token: number, sql: string, params: unknown[] | undefined): Promise<ExecResult>;
  querySync(token: number, sql: string, params: unknown[] | undefined): Row[];
  execSync(token: number, sql: string, params: unknown[] | undefined): ExecResult;
  openCursor(
    token: number,
    sql: string,
    params: unknown[] | undefined,
  ): Promise<number>;
  openCursorSync(token: number, sql: string, params: unknown[] | undefined): number;
  fetch(token: number, cursor: number, size: number): Promise<Row[]>;
  fetchSync(token: number, cursor: number, size: number): Row[];
  closeCursor(token: number, cursor: number): void;
  /** Opens a savepoint; the token is what its `db` has. */
  savepoint(token: number): Promise<number>;
  releaseSavepoint(token: number): Promise<void>;
  /** Does nothing where the savepoint is over already. */
  rollbackSavepoint(token: number): Promise<void>;
  savepointSync(token: number, body: (token: number) => unknown): unknown;
  user(token: number): User;
  commit(token: number): void;
  rollback(token: number): void;
  now(): string;
  console(level: number, text: string): void;
  random(bytes: Uint8Array): void;
  detach(buffer: ArrayBuffer): void;
  /** Whether an object is a proxy, but none of a lazy document, which it fills. */
  isProxy(object: object): boolean;
  monotonicMs(): number;
  utf8Encode(text: string): Uint8Array;
  utf8Decode(bytes: Uint8Array, fatal: boolean): string;
  module(resourceName: string): ModuleOrigin | undefined;
  /** The rows of the trigger that runs; null where it has none. */
  triggerNew(token: number): Record<string, unknown> | null;
  triggerOld(token: number): Record<string, unknown> | null;
  setTriggerNew(token: number, row: unknown): void;
  windowPosition(token: number): number;
  windowRowCount(token: number): number;
  windowArg(token: number, index: number): unknown;
  /** Undefined where there is no such row; `origin` is one of `WindowOrigin`. */
  windowSeek(
    token: number,
    index: number,
    offset: number,
    origin: number,
    inFrame: boolean,
    mark: boolean,
  ): unknown;
  windowArePeers(token: number, a: number, b: number): boolean;
  windowSetMark(token: number, position: number): void;
  windowLocal(token: number): unknown;
  setWindowLocal(token: number, value: unknown): void;
}

let installed: Natives | undefined;

/** Connects a fresh context with its process; nothing native works before. */
export function installNatives(natives: Natives): void {
  if (installed !== undefined) throw new Error("natives are already installed");
  installed = natives;
}

/** The natives of this context. */
export function natives(): Natives {
  if (installed === undefined) throw new Error("not available while a module is built");
  return installed;
}
