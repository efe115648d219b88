/** `TextEncoder` and `TextDecoder`, for UTF-8: the one encoding inside the database. */

import { natives } from "./natives.js";

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
    if (!(destination instanceof Uint8Array)) {
      throw new TypeError("the destination must be a Uint8Array");
    }
    let read = 0;
    let written = 0;
    for (const character of text) {
      const size = utf8Size(character.codePointAt(0) ?? 0);
      if (written + size > destination.length) break;
      read += character.length;
      written += size;
    }
    destination.set(natives().utf8Encode(text.slice(0, read)));
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
    let bytes = this.#joined(toBytes(input));
    this.#pending = new Uint8Array(0);
    if (stream) {
      const end = completeEnd(bytes);
      this.#pending = bytes.slice(end);
      bytes = bytes.subarray(0, end);
    }
    const started = this.#started;
    // What throws ends the stream.
    this.#started = false;
    const text = natives().utf8Decode(bytes, this.#fatal);
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
  if (input instanceof Uint8Array) return input;
  if (ArrayBuffer.isView(input)) {
    return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  }
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  throw new TypeError("the input must be an ArrayBuffer or a view of one");
}

function utf8Size(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/** Where the last, possibly unfinished, character begins if it is unfinished. */
function completeEnd(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let back = 1; back <= Math.min(3, length); back++) {
    const byte = bytes[length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return size > back ? length - back : length;
  }
  return length;
}
