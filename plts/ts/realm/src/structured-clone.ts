/**
 * `structuredClone`: the polyfill's, which copies, and the transfer of buffers, which only
 * the engine can do.
 */

import { DOMException } from "./dom-exception.js";
import { isDetached } from "./method.js";
import { natives } from "./natives.js";

type Clone = (value: unknown) => unknown;

const { structuredClone: copy } = globalThis as unknown as { structuredClone: Clone };

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
  refuseProxies(value);
  const result = copy(value);
  for (const each of transfer) natives().detach(each as ArrayBuffer);
  return result;
}

/**
 * Refuses proxies, which the polyfill would copy; lazy documents, which are proxies too,
 * are filled instead. Getters are not run: what they return is not looked at.
 */
function refuseProxies(root: unknown): void {
  const seen = new Set<unknown>();
  const todo = [root];
  while (todo.length > 0) {
    const next = todo.pop();
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    if (natives().isProxy(next)) throw refusal("a Proxy cannot be cloned");
    if (ArrayBuffer.isView(next)) continue;
    if (next instanceof Map) for (const entry of next) todo.push(...entry);
    if (next instanceof Set) todo.push(...next);
    for (const key of Object.keys(next)) {
      todo.push(Reflect.getOwnPropertyDescriptor(next, key)?.value);
    }
  }
}

function refusal(message: string): Error {
  return new DOMException(message, "DataCloneError");
}
