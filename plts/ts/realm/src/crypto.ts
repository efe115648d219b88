/** `crypto.getRandomValues` and `crypto.randomUUID`. */

import { DOMException } from "./dom-exception.js";
import { methodOf } from "./method.js";
import { natives } from "./natives.js";

type IntegerArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

const mostBytes = 65536;

function getRandomValues<Target extends IntegerArray>(target: Target): Target {
  if (!ArrayBuffer.isView(target)) {
    throw new TypeError("getRandomValues() fills typed arrays of integers");
  }
  if (
    target instanceof DataView ||
    target instanceof Float32Array ||
    target instanceof Float64Array
  ) {
    throw new DOMException(
      "getRandomValues() fills typed arrays of integers",
      "TypeMismatchError",
    );
  }
  if (target.byteLength > mostBytes) {
    throw new DOMException(
      `getRandomValues() fills at most ${mostBytes} bytes, not ${target.byteLength}`,
      "QuotaExceededError",
    );
  }
  natives().random(new Uint8Array(target.buffer, target.byteOffset, target.byteLength));
  return target;
}

function randomUUID(): string {
  const bytes = new Uint8Array(16);
  natives().random(bytes);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  let text = "";
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += "-";
    text += (bytes[i] ?? 0).toString(16).padStart(2, "0");
  }
  return text;
}

export const crypto = {
  getRandomValues: methodOf("getRandomValues", 1, getRandomValues),
  randomUUID: methodOf("randomUUID", 0, randomUUID),
};
