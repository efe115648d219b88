/**
 * `structuredClone`: the polyfill's, which copies, and the transfer of buffers, which only
 * the engine can do.
 */

import { DOMException } from "./dom-exception.js";
import { natives } from "./natives.js";

type Clone = (value: unknown) => unknown;

const { structuredClone: copy } = globalThis as unknown as { structuredClone: Clone };
const detachedLength = Object.getOwnPropertyDescriptor(
  ArrayBuffer.prototype,
  "byteLength",
)?.get;

/** A deep copy of a value; the buffers in `transfer` are empty afterwards. */
export function structuredClone(
  value: unknown,
  options?: { transfer?: Iterable<unknown> } | null,
): unknown {
  if (arguments.length === 0) throw new TypeError("structuredClone() takes a value");
  const transfer = [...(options?.transfer ?? [])];
  transfer.forEach((each, i) => {
    if (!(each instanceof ArrayBuffer)) {
      throw refusal("only an ArrayBuffer can be transferred");
    }
    if (transfer.indexOf(each) < i) {
      throw refusal("an ArrayBuffer is to be transferred twice");
    }
    if (isDetached(each)) throw refusal("an ArrayBuffer was transferred already");
  });
  const result = copy(value);
  for (const each of transfer) natives().detach(each as ArrayBuffer);
  return result;
}

function isDetached(buffer: ArrayBuffer): boolean {
  if (detachedLength?.call(buffer) !== 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

function refusal(message: string): Error {
  return new DOMException(message, "DataCloneError");
}
