/** The globals of the database beside ECMAScript's own: what the realm defines. */

// Types that the headers of plain bodies name, and that modules may use unimported.
type Ctx<Args = unknown> = import("@stopgap/runtime").Ctx<Args>;
type TriggerCtx<Row extends object = import("@stopgap/runtime").TriggerRow> =
  import("@stopgap/runtime").TriggerCtx<Row>;
type TriggerResult = import("@stopgap/runtime").TriggerResult;
type EventTriggerCtx = import("@stopgap/runtime").EventTriggerCtx;
type WindowCtx<Args = unknown> = import("@stopgap/runtime").WindowCtx<Args>;
type Json = import("@stopgap/runtime").Json;
type Numeric = import("@stopgap/runtime").Numeric;
type NumericInput = import("@stopgap/runtime").NumericInput;
type BigIntInput = import("@stopgap/runtime").BigIntInput;
type Timestamp = import("@stopgap/runtime").Timestamp;
type TimestampTz = import("@stopgap/runtime").TimestampTz;
type TimestampInput = import("@stopgap/runtime").TimestampInput;
type SqlDate = import("@stopgap/runtime").SqlDate;
type SqlTime = import("@stopgap/runtime").SqlTime;

interface Console {
  assert(condition?: boolean, ...data: unknown[]): void;
  count(label?: string): void;
  countReset(label?: string): void;
  debug(...data: unknown[]): void;
  dir(item: unknown): void;
  dirxml(...data: unknown[]): void;
  group(...data: unknown[]): void;
  groupCollapsed(...data: unknown[]): void;
  groupEnd(): void;
  table(data?: unknown, columns?: readonly string[]): void;
  error(...data: unknown[]): void;
  info(...data: unknown[]): void;
  log(...data: unknown[]): void;
  time(label?: string): void;
  timeEnd(label?: string): void;
  timeLog(label?: string, ...data: unknown[]): void;
  trace(...data: unknown[]): void;
  warn(...data: unknown[]): void;
}
declare var console: Console;

interface Crypto {
  getRandomValues<
    T extends
      | Int8Array
      | Uint8Array
      | Uint8ClampedArray
      | Int16Array
      | Uint16Array
      | Int32Array
      | Uint32Array
      | BigInt64Array
      | BigUint64Array,
  >(
    array: T,
  ): T;
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
}
declare var crypto: Crypto;

interface Performance {
  now(): number;
}
declare var performance: Performance;

interface TextEncoder {
  readonly encoding: string;
  encode(input?: string): Uint8Array<ArrayBuffer>;
  encodeInto(
    source: string,
    destination: Uint8Array,
  ): { read: number; written: number };
}
declare var TextEncoder: {
  prototype: TextEncoder;
  new (): TextEncoder;
};

interface TextDecoder {
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}
declare var TextDecoder: {
  prototype: TextDecoder;
  new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder;
};

interface URL {
  hash: string;
  host: string;
  hostname: string;
  href: string;
  readonly origin: string;
  password: string;
  pathname: string;
  port: string;
  protocol: string;
  search: string;
  readonly searchParams: URLSearchParams;
  username: string;
  toJSON(): string;
  toString(): string;
}
declare var URL: {
  prototype: URL;
  new (url: string | URL, base?: string | URL): URL;
  canParse(url: string | URL, base?: string | URL): boolean;
  parse(url: string | URL, base?: string | URL): URL | null;
};

interface URLSearchParams extends Iterable<[string, string]> {
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  entries(): IterableIterator<[string, string]>;
  forEach(
    callback: (value: string, key: string, parent: URLSearchParams) => void,
    thisArg?: unknown,
  ): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  keys(): IterableIterator<string>;
  set(name: string, value: string): void;
  sort(): void;
  toString(): string;
  values(): IterableIterator<string>;
}
declare var URLSearchParams: {
  prototype: URLSearchParams;
  new (
    init?: string | [string, string][] | Record<string, string> | URLSearchParams,
  ): URLSearchParams;
};

declare function atob(data: string): string;
declare function btoa(data: string): string;
declare function queueMicrotask(callback: () => void): void;
declare function structuredClone<T>(
  value: T,
  options?: { transfer?: ArrayBuffer[] },
): T;

// What V8 adds to Error.
interface ErrorConstructor {
  captureStackTrace(target: object, constructor?: Function): void;
  stackTraceLimit: number;
}
