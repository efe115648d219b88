/** `ctx` of window functions. */

import type {
  FunctionIdentity,
  Window as WindowType,
  WindowOptions,
  WindowSeek,
  WindowValue,
} from "@stopgap/runtime";
import { Ctx, type Mode } from "./context.js";
import { natives, WindowOrigin } from "./natives.js";

class Window implements WindowType {
  readonly #token: number;

  constructor(token: number) {
    this.#token = token;
  }

  get position(): number {
    return natives().windowPosition(this.#token);
  }

  get rowCount(): number {
    return natives().windowRowCount(this.#token);
  }

  get local(): unknown {
    return natives().windowLocal(this.#token);
  }

  set local(value: unknown) {
    natives().setWindowLocal(this.#token, value);
  }

  arg<T>(index: number): T | null {
    return natives().windowArg(this.#token, index) as T | null;
  }

  argInPartition<T>(
    index: number,
    offset: number,
    from: WindowSeek = "current",
    options?: WindowOptions,
  ): WindowValue<T> {
    return this.#seek(index, offset, from, false, options);
  }

  argInFrame<T>(
    index: number,
    offset: number,
    from: "head" | "tail",
    options?: WindowOptions,
  ): WindowValue<T> {
    if ((from as WindowSeek) === "current") {
      throw new TypeError('a frame is counted from its "head" or its "tail"');
    }
    return this.#seek(index, offset, from, true, options);
  }

  arePeers(a: number, b: number): boolean {
    return natives().windowArePeers(this.#token, a, b);
  }

  setMark(position: number): void {
    natives().windowSetMark(this.#token, position);
  }

  #seek<T>(
    index: number,
    offset: number,
    from: WindowSeek,
    inFrame: boolean,
    options: WindowOptions | undefined,
  ): WindowValue<T> {
    const origin: unknown = WindowOrigin[from];
    if (typeof origin !== "number") {
      throw new TypeError('rows are counted from "current", "head" or "tail"');
    }
    const value = natives().windowSeek(
      this.#token,
      index,
      offset,
      origin,
      inFrame,
      options?.mark === true,
    ) as T | null | undefined;
    return value === undefined
      ? { value: null, isNull: true, isOut: true }
      : { value, isNull: value === null, isOut: false };
  }
}

export class WindowCtx extends Ctx {
  readonly window: Window;

  constructor(token: number, fn: FunctionIdentity, args: unknown, mode: Mode) {
    super(token, fn, args, mode);
    this.window = new Window(token);
  }
}

/** What the realm freezes because user code can reach it through a `ctx`. */
export const windowClasses = [WindowCtx, Window];
