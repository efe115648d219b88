/** The types of window functions: what `ctx.window` is. */

import type { Ctx } from "./context.js";

/** An argument of the function at some row. */
export interface WindowValue<T = unknown> {
  /** Null where the row is out of reach, or its value is NULL. */
  readonly value: T | null;
  readonly isNull: boolean;
  /** Whether there is no such row. */
  readonly isOut: boolean;
}

/** Where an offset counts from. */
export type WindowSeek = "current" | "head" | "tail";

/** The rows around the one a window function is called for. */
export interface Window {
  /** The number of the current row in its partition, from 0. */
  readonly position: number;
  /** How many rows the partition has. Reading it reads all of them. */
  readonly rowCount: number;
  /**
   * Whatever the function keeps from row to row: undefined at the first of a partition,
   * and let go with the last.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  local: any;
  /** The function's argument number `index`, from 0, at the current row. */
  arg<T = unknown>(index: number): T | null;
  /** The same `offset` rows after `from`, the current row unless said otherwise. */
  argInPartition<T = unknown>(
    index: number,
    offset: number,
    from?: WindowSeek,
    options?: WindowOptions,
  ): WindowValue<T>;
  /** The same within the current row's frame, from its first row or its last. */
  argInFrame<T = unknown>(
    index: number,
    offset: number,
    from: "head" | "tail",
    options?: WindowOptions,
  ): WindowValue<T>;
  /** Whether two rows, by position, are equal in the ORDER BY of the window. */
  arePeers(a: number, b: number): boolean;
  /** Promises never to ask for rows before this position again: their memory may go. */
  setMark(position: number): void;
}

export interface WindowOptions {
  /** Also moves the mark to the row that is read. */
  mark?: boolean;
}

/** The `ctx` of a WINDOW function. */
export interface WindowCtx<Args = unknown> extends Ctx<Args> {
  readonly window: Window;
}
