/** Cursors: the rows of a query, a batch at a time. */

import type { CursorOptions } from "@stopgap/runtime";
import { natives, type Row } from "./natives.js";
import type { Statement } from "./sql-input.js";

const usualFetchSize = 256;
const mostFetchSize = 1_000_000;

/** How many rows to fetch at once. */
export function fetchSizeOf(options: CursorOptions | undefined): number {
  const size = options?.fetchSize ?? usualFetchSize;
  if (!Number.isInteger(size) || size < 1 || size > mostFetchSize) {
    throw new RangeError(
      `fetchSize must be an integer from 1 to ${mostFetchSize}, not ${String(size)}`,
    );
  }
  return size;
}

/** What `for await` loops over: each loop is a cursor of its own. */
export class Cursor implements AsyncIterable<Row> {
  readonly #token: number;
  readonly #statement: Statement;
  readonly #size: number;

  constructor(token: number, statement: Statement, size: number) {
    this.#token = token;
    this.#statement = statement;
    this.#size = size;
  }

  [Symbol.asyncIterator](): AsyncIterator<Row, undefined> {
    return new CursorIterator(this.#token, this.#statement, this.#size);
  }
}

/** One loop. Opened by the first `next()`; a hand-made iterator costs a row one turn. */
class CursorIterator implements AsyncIterator<Row, undefined> {
  readonly #token: number;
  readonly #size: number;
  #statement: Statement | undefined;
  #id = 0;
  #rows: Row[] = [];
  #at = 0;
  #done = false;
  #loading: Promise<void> | undefined;

  constructor(token: number, statement: Statement, size: number) {
    this.#token = token;
    this.#statement = statement;
    this.#size = size;
  }

  next(): Promise<IteratorResult<Row, undefined>> {
    const row = this.#rows[this.#at];
    if (row !== undefined) {
      this.#at++;
      return Promise.resolve({ value: row, done: false });
    }
    if (this.#done) return Promise.resolve({ value: undefined, done: true });
    this.#loading ??= this.#load();
    return this.#loading.then(() => this.next());
  }

  return(): Promise<IteratorResult<Row, undefined>> {
    try {
      this.#close();
    } catch (error) {
      return Promise.reject(error as Error);
    }
    return Promise.resolve({ value: undefined, done: true });
  }

  async #load(): Promise<void> {
    try {
      const statement = this.#statement;
      if (statement !== undefined) {
        this.#statement = undefined;
        const { sql, params } = statement;
        this.#id = await natives().openCursor(this.#token, sql, params);
        if (this.#done) this.#close();
      }
      if (this.#done) return;
      const rows = await natives().fetch(this.#token, this.#id, this.#size);
      if (this.#done) return;
      this.#rows = rows;
      this.#at = 0;
      if (rows.length < this.#size) this.#finish();
    } catch (error) {
      this.#finish();
      throw error;
    } finally {
      this.#loading = undefined;
    }
  }

  /** Nothing is left to fetch: the rows that are here are the last ones. */
  #finish(): void {
    this.#done = true;
    this.#statement = undefined;
    if (this.#id !== 0) natives().closeCursor(this.#token, this.#id);
    this.#id = 0;
  }

  #close(): void {
    this.#rows = [];
    this.#finish();
  }
}

/** The same without promises. */
export class SyncCursor implements Iterable<Row> {
  readonly #token: number;
  readonly #statement: Statement;
  readonly #size: number;

  constructor(token: number, statement: Statement, size: number) {
    this.#token = token;
    this.#statement = statement;
    this.#size = size;
  }

  *[Symbol.iterator](): Generator<Row, undefined> {
    const token = this.#token;
    const size = this.#size;
    const id = natives().openCursorSync(
      token,
      this.#statement.sql,
      this.#statement.params,
    );
    try {
      for (;;) {
        const rows = natives().fetchSync(token, id, size);
        for (const row of rows) yield row;
        if (rows.length < size) return undefined;
      }
    } finally {
      natives().closeCursor(token, id);
    }
  }
}

/** What the realm freezes because user code can reach it through a loop. */
export const cursorClasses = [Cursor, CursorIterator, SyncCursor];
