/**
 * Freezes the realm, so that no function can change what others of its role use.
 *
 * Done while the snapshot is built, where its milliseconds cost nothing. One thing cannot
 * be: V8 10.2 adds `stackTraceLimit` to `Error` in every new context, so `Error` itself is
 * frozen by `finishLockdown`, in the context.
 */

/** Freezes every object that can be reached from the roots, but for `Error`. */
export function lockdown(roots: readonly unknown[]): void {
  enableOverrides();
  harden([globalThis, ...hiddenIntrinsics(), ...roots]);
}

/** Freezes what V8 still changes when it makes a context. */
export function finishLockdown(): void {
  Object.freeze(Error);
}

/** Objects of the language that no property of a global leads to. */
function hiddenIntrinsics(): unknown[] {
  const iterators = [
    [][Symbol.iterator](),
    new Map()[Symbol.iterator](),
    new Set()[Symbol.iterator](),
    ""[Symbol.iterator](),
    "".matchAll(/./g),
    new Intl.Segmenter().segment(""),
    new Intl.Segmenter().segment("")[Symbol.iterator](),
    (function* () {})(),
    (async function* () {})(),
  ];
  const functions = [async () => undefined, function* () {}, async function* () {}];
  const thrower = Object.getOwnPropertyDescriptor(
    (function () {
      "use strict";
      return arguments;
    })(),
    "callee",
  );
  return [
    ...iterators.map((object): unknown => Object.getPrototypeOf(object)),
    ...functions.map((object): unknown => Object.getPrototypeOf(object)),
    Object.getPrototypeOf(Uint8Array),
    urlSearchParamsIterator(),
    thrower?.get,
  ];
}

function freeze(object: object): void {
  if (object === Error) return;
  // A shared expression must keep the one property it has, `lastIndex`, which matching sets.
  if (object instanceof RegExp) Object.preventExtensions(object);
  else Object.freeze(object);
}

function urlSearchParamsIterator(): unknown {
  const { URLSearchParams } = globalThis as unknown as {
    URLSearchParams: new () => Iterable<unknown>;
  };
  return Object.getPrototypeOf(new URLSearchParams()[Symbol.iterator]());
}

function harden(roots: unknown[]): void {
  const seen = new Set<unknown>();
  const todo = [...roots];
  while (todo.length > 0) {
    const next = todo.pop();
    if ((typeof next !== "object" || next === null) && typeof next !== "function") {
      continue;
    }
    if (seen.has(next)) continue;
    seen.add(next);
    freeze(next);
    todo.push(Object.getPrototypeOf(next));
    for (const key of Reflect.ownKeys(next)) {
      const property = Reflect.getOwnPropertyDescriptor(next, key);
      if (property === undefined) continue;
      todo.push(property.value, property.get, property.set);
    }
  }
}

/**
 * Properties that programs commonly shadow by assignment.
 *
 * ECMAScript refuses `error.name = …` and `counts["constructor"] = …` once the property
 * inherited from a prototype is read-only (the «override mistake»). Such a property becomes
 * an accessor whose setter gives the receiver a property of its own. Not done where V8
 * watches for plain properties to keep its fast paths (iteration, species, promises).
 */
function enableOverrides(): void {
  const everything = (object: object): PropertyKey[] =>
    Reflect.ownKeys(object).filter((key) => key !== "__proto__");
  const errors = [
    Error,
    AggregateError,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
  ];
  for (const error of errors) overridable(error.prototype, everything(error.prototype));
  overridable(Object.prototype, everything(Object.prototype));
  overridable(Function.prototype, [
    "apply",
    "bind",
    "call",
    "constructor",
    "name",
    "toString",
    Symbol.hasInstance,
  ]);
  overridable(Array.prototype, ["toString", "toLocaleString"]);
  for (const type of [
    Boolean,
    Number,
    String,
    BigInt,
    Symbol,
    Date,
    RegExp,
    Map,
    Set,
  ]) {
    overridable(type.prototype, ["toString", "valueOf"]);
  }
}

function overridable(prototype: object, keys: PropertyKey[]): void {
  for (const key of keys) {
    const property = Reflect.getOwnPropertyDescriptor(prototype, key);
    if (property === undefined || !("value" in property)) continue;
    if (property.configurable !== true) continue;
    const { value } = property as { value: unknown };
    // In an object literal, so that neither is a constructor with a prototype to freeze.
    const accessor = {
      get(): unknown {
        return value;
      },
      set(this: object, own: unknown): void {
        if (this === prototype) {
          throw new TypeError(`cannot change ${String(key)} of a frozen prototype`);
        }
        Object.defineProperty(this, key, {
          value: own,
          configurable: true,
          enumerable: true,
          writable: true,
        });
      },
    };
    Object.defineProperty(prototype, key, {
      get: accessor.get,
      set: accessor.set,
      configurable: true,
      enumerable: property.enumerable ?? false,
    });
  }
}
