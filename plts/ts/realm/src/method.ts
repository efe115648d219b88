/** Functions of our own in the form that the language's and the web's have. */

const { apply } = Reflect;
const { defineProperty } = Object;

type Anything = (...args: never) => unknown;

/**
 * A function that is no constructor, with the given name and length, which calls `body`.
 *
 * A bundler renames functions that are called like a global, and `function` makes
 * constructors.
 */
export function methodOf(name: string, length: number, body: Anything): Anything {
  const { method } = {
    method(this: unknown, ...args: unknown[]): unknown {
      return apply(body as (...args: unknown[]) => unknown, this, args);
    },
  };
  defineProperty(method, "name", { value: name });
  defineProperty(method, "length", { value: length });
  return method;
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const getterOf = (object: object, key: string): (() => unknown) =>
  Object.getOwnPropertyDescriptor(object, key)?.get as () => unknown;
const detachedLength = getterOf(ArrayBuffer.prototype, "byteLength");
const viewedBuffer = getterOf(typedArray, "buffer");

/** Whether a buffer, which must be one, was given away. */
export function isDetached(buffer: ArrayBuffer): boolean {
  if (apply(detachedLength, buffer, []) !== 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** Gives what polyfills have added the form of the language's own. */
export function repairPolyfills(): void {
  const array = ["at", "findLast", "findLastIndex", "toReversed", "toSorted"];
  array.push("toSpliced", "with");
  const typed = ["at", "findLast", "findLastIndex", "toReversed", "toSorted", "with"];
  repair(Array.prototype, array);
  repair(String.prototype, ["at"]);
  repair(Object, ["hasOwn"]);
  repair(typedArray, typed, (self, key) => {
    // Not a typed array: the polyfill says so.
    if (!ArrayBuffer.isView(self) || self instanceof DataView) return;
    if (self.byteLength !== 0) return;
    if (!isDetached(apply(viewedBuffer, self, []) as ArrayBuffer)) return;
    throw new TypeError(
      `Cannot perform %TypedArray%.prototype.${key} on a detached ArrayBuffer`,
    );
  });
}

function repair(
  object: object,
  keys: readonly string[],
  check?: (self: unknown, key: string) => void,
): void {
  for (const key of keys) {
    const polyfill = Reflect.get(object, key) as (...args: unknown[]) => unknown;
    // `hasOwn` is curried from a method, which has one parameter fewer.
    const length = key === "hasOwn" ? 2 : key === "toSpliced" ? 2 : polyfill.length;
    const value = methodOf(key, length, function (this: unknown, ...args: unknown[]) {
      check?.(this, key);
      return apply(polyfill, this, args);
    } as Anything);
    defineProperty(object, key, { value });
  }
}
