/** `TextEncoder` and `TextDecoder`, for UTF-8: the one encoding inside the database. */

import { isDetached } from "./method.js";
import { natives } from "./natives.js";

// What only an object of the kind answers, whatever its prototype claims.
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const getterOf = (object: object, key: PropertyKey): (() => unknown) =>
  Object.getOwnPropertyDescriptor(object, key)?.get as () => unknown;
const kindOf = getterOf(typedArray, Symbol.toStringTag);
const bufferLength = getterOf(ArrayBuffer.prototype, "byteLength");
const bytesIn = getterOf(typedArray, "byteLength");
const { set } = Uint8Array.prototype;
const placeOf = (object: object) =>
  (["buffer", "byteOffset", "byteLength"] as const).map((key) => getterOf(object, key));
const ofTypedArray = placeOf(typedArray);
const ofDataView = placeOf(DataView.prototype);

const utf8Labels = new Set([
  "unicode-1-1-utf-8",
  "unicode11utf8",
  "unicode20utf8",
  "utf-8",
  "utf8",
  "x-unicode20utf8",
]);

export class TextEncoder {
  get [Symbol.toStringTag](): string {
    return "TextEncoder";
  }

  get encoding(): string {
    return "utf-8";
  }

  encode(input = ""): Uint8Array {
    return natives().utf8Encode(String(input));
  }

  encodeInto(
    source: string,
    destination: Uint8Array,
  ): { read: number; written: number } {
    const text = String(source);
    if (Reflect.apply(kindOf, destination, []) !== "Uint8Array") {
      throw new TypeError("the destination must be a Uint8Array");
    }
    const room = Reflect.apply(bytesIn, destination, []) as number;
    let read = 0;
    let written = 0;
    for (const character of text) {
      const size = utf8Size(character.codePointAt(0) ?? 0);
      if (written + size > room) break;
      read += character.length;
      written += size;
    }
    Reflect.apply(set, destination, [natives().utf8Encode(text.slice(0, read))]);
    return { read, written };
  }
}

export interface TextDecoderOptions {
  fatal?: boolean;
  ignoreBOM?: boolean;
}

export class TextDecoder {
  readonly #fatal: boolean;
  readonly #ignoreBom: boolean;
  #pending = new Uint8Array(0);
  #started = false;

  constructor(label = "utf-8", options?: TextDecoderOptions | null) {
    const name = String(label).replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "");
    if (!utf8Labels.has(name.toLowerCase())) {
      throw new RangeError(`unsupported encoding "${String(label)}": only utf-8`);
    }
    this.#fatal = Boolean(options?.fatal);
    this.#ignoreBom = Boolean(options?.ignoreBOM);
  }

  get [Symbol.toStringTag](): string {
    return "TextDecoder";
  }

  get encoding(): string {
    return "utf-8";
  }

  get fatal(): boolean {
    return this.#fatal;
  }

  get ignoreBOM(): boolean {
    return this.#ignoreBom;
  }

  decode(
    input: ArrayBuffer | ArrayBufferView = new Uint8Array(0),
    options?: { stream?: boolean } | null,
  ): string {
    const stream = Boolean(options?.stream);
    const bytes = this.#joined(toBytes(input));
    const end = stream ? completeEnd(bytes) : bytes.length;
    const started = this.#started;
    // What throws ends the stream.
    this.#started = false;
    this.#pending = new Uint8Array(0);
    const text = natives().utf8Decode(bytes.subarray(0, end), this.#fatal);
    this.#pending = bytes.slice(end);
    this.#started = stream && (started || text !== "");
    const hasMark = !started && !this.#ignoreBom && text.startsWith("\uFEFF");
    return hasMark ? text.slice(1) : text;
  }

  #joined(bytes: Uint8Array): Uint8Array {
    if (this.#pending.length === 0) return bytes;
    const joined = new Uint8Array(this.#pending.length + bytes.length);
    joined.set(this.#pending);
    joined.set(bytes, this.#pending.length);
    return joined;
  }
}

function toBytes(input: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (ArrayBuffer.isView(input)) {
    const isTyped = Reflect.apply(kindOf, input, []) !== undefined;
    const [buffer, offset, length] = (isTyped ? ofTypedArray : ofDataView).map(
      (get, i) =>
        // A view of a buffer that was given away has a buffer, but no place in it.
        i === 0 || isTyped ? Reflect.apply(get, input, []) : placeIn(get, input),
    );
    return bytesOf(buffer as ArrayBuffer, offset as number, length as number);
  }
  if (!isArrayBuffer(input)) {
    throw new TypeError("the input must be an ArrayBuffer or a view of one");
  }
  return bytesOf(input, 0, Reflect.apply(bufferLength, input, []) as number);
}

function placeIn(get: () => unknown, view: ArrayBufferView): unknown {
  try {
    return Reflect.apply(get, view, []);
  } catch {
    return 0;
  }
}

function isArrayBuffer(value: unknown): value is ArrayBuffer {
  if (typeof value !== "object" || value === null) return false;
  try {
    Reflect.apply(bufferLength, value, []);
    return true;
  } catch {
    return false;
  }
}

function bytesOf(buffer: ArrayBuffer, offset: number, length: number): Uint8Array {
  return isDetached(buffer)
    ? new Uint8Array(0)
    : new Uint8Array(buffer, offset, length);
}

function utf8Size(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/** Where the last character begins if more bytes may still finish it; else the end. */
function completeEnd(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let back = 1; back <= Math.min(3, length); back++) {
    const byte = bytes[length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    if (sizeAfter(byte) <= back) return length;
    const second = bytes[length - back + 1];
    return second === undefined || mayFollow(byte, second) ? length - back : length;
  }
  return length;
}

/** How many bytes the character of a first byte has; 1 where it begins none. */
function sizeAfter(byte: number): number {
  if (byte < 0xc2 || byte > 0xf4) return 1;
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/** Neither overlong forms, nor surrogates, nor what is past Unicode. */
function mayFollow(first: number, second: number): boolean {
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  return second >= least && second <= most;
}
