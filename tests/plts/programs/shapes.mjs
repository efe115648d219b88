/** The form of every function of the language and the web: names, lengths, constructors. */

const isConstructor = (f) => {
  try {
    Reflect.construct(Object, [], f);
    return true;
  } catch {
    return false;
  }
};

const typedArray = Object.getPrototypeOf(Uint8Array);
const roots = {
  Array,
  ArrayBuffer,
  BigInt,
  Boolean,
  Date,
  Function,
  Intl,
  JSON,
  Map,
  Math,
  Number,
  Object,
  Promise,
  Reflect,
  RegExp,
  Set,
  String,
  Symbol,
  WeakMap,
  WeakRef,
  WeakSet,
  Error,
  TypeError,
  Uint8Array,
  DataView,
  URL,
  URLSearchParams,
  TextEncoder,
  TextDecoder,
  typedArray,
};

const describe = (object, key) => {
  const { value, get, set, enumerable } = Object.getOwnPropertyDescriptor(object, key);
  return [value, get, set].map((f) =>
    typeof f === "function"
      ? [f.name, f.length, isConstructor(f), Object.hasOwn(f, "prototype"), enumerable]
      : typeof f,
  );
};

export function run() {
  const found = {};
  const add = (path, object) => {
    for (const key of Reflect.ownKeys(object)) {
      if (key === "caller" || key === "arguments") continue;
      found[`${path}.${String(key)}`] = describe(object, key);
    }
  };
  for (const [name, object] of Object.entries(roots)) {
    add(name, object);
    if (typeof object === "function" && object.prototype)
      add(`${name}.prototype`, object.prototype);
  }
  // In Node these are constructors, which no operation of the web is, and
  // structuredClone has no parameter that must be given.
  for (const name of ["atob", "btoa", "queueMicrotask"]) {
    const f = globalThis[name];
    found[name] = [[f.name, f.length]];
  }
  return found;
}
