/** Puts the realm's own globals in place, and takes away what must not exist. */

import { atob, btoa } from "./base64.js";
import { console } from "./console.js";
import { crypto } from "./crypto.js";
import { DOMException } from "./dom-exception.js";
import { TextDecoder, TextEncoder } from "./encoding.js";
import { hideFunctionTexts } from "./function-text.js";
import { methodOf, repairPolyfills } from "./method.js";
import { performance } from "./performance.js";
import { random } from "./random.js";
import { structuredClone } from "./structured-clone.js";
import { URL, URLSearchParams } from "./url/url.js";

const removed = [
  "Atomics",
  "SharedArrayBuffer",
  "WebAssembly",
  // What the polyfills use among themselves, and zod's way to share state between copies.
  "DOMException",
  "__core-js_shared__",
  "__zod_globalConfig",
  "__zod_globalRegistry",
];

// What annex B of older drafts has of the last match, whoever made it: it would carry text
// from one function to the next, and could be planted.
const lastMatch =
  "input $_ lastMatch $& lastParen $+ leftContext $` rightContext $' " +
  "$1 $2 $3 $4 $5 $6 $7 $8 $9";

/**
 * Shapes the global object, before the realm is frozen.
 *
 * Returns what is no global any more but can still be met: errors of `structuredClone` and
 * `atob` are DOMExceptions.
 */
export function defineGlobals(): unknown[] {
  for (const name of removed) Reflect.deleteProperty(globalThis, name);
  Reflect.deleteProperty(Intl, "v8BreakIterator");
  for (const name of lastMatch.split(" ")) Reflect.deleteProperty(RegExp, name);
  const globals = {
    atob: methodOf("atob", 1, atob),
    btoa: methodOf("btoa", 1, btoa),
    console,
    crypto,
    performance,
    queueMicrotask: methodOf("queueMicrotask", 1, queueMicrotask),
    structuredClone: methodOf("structuredClone", 1, structuredClone),
    TextDecoder: ofTheWeb(named("TextDecoder", TextDecoder)),
    TextEncoder: ofTheWeb(named("TextEncoder", TextEncoder)),
    URL: named("URL", URL),
    URLSearchParams: named("URLSearchParams", URLSearchParams),
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, {
      value,
      configurable: true,
      enumerable: false,
      writable: true,
    });
  }
  repairPolyfills();
  Object.defineProperty(Math, "random", { value: methodOf("random", 0, random) });
  refuseCodeFromText();
  hideFunctionTexts();
  return [DOMException];
}

/** A class whose members are enumerable, as those of the web's interfaces are. */
function ofTheWeb<Class extends { prototype: object }>(value: Class): Class {
  const { prototype } = value;
  for (const key of Object.getOwnPropertyNames(prototype)) {
    if (key === "constructor") continue;
    Object.defineProperty(prototype, key, { enumerable: true });
  }
  return value;
}

/** A class with its name, which the bundler changes where a global has it. */
function named<Class>(name: string, value: Class): Class {
  return Object.defineProperty(value, "name", { value: name });
}

function queueMicrotask(callback: () => void): void {
  if (typeof callback !== "function") {
    throw new TypeError("queueMicrotask() takes a function");
  }
  // An exception in it is an unhandled rejection, which fails the call as it should.
  void Promise.resolve().then(() => callback());
}

/**
 * Replaces `eval` and the constructors that compile text by functions that refuse.
 *
 * C++ forbids code from strings in every context as well; this gives the reason, and
 * keeps `x instanceof Function` working.
 */
function refuseCodeFromText(): void {
  const examples = [
    function () {},
    async function () {},
    function* () {},
    async function* () {},
  ];
  for (const example of examples) {
    const prototype = Object.getPrototypeOf(example) as object;
    const { constructor } = prototype as { constructor: { name: string } };
    const refusing = {
      [constructor.name]: function (): never {
        throw refusal(`new ${constructor.name}()`);
      },
    }[constructor.name] as unknown as { prototype: unknown };
    Object.defineProperty(refusing, "prototype", { value: prototype, writable: false });
    Object.defineProperty(prototype, "constructor", { value: refusing });
    if (constructor.name === "Function") {
      Object.defineProperty(globalThis, "Function", { value: refusing });
    }
  }
  const refusingEval = {
    eval(_text: unknown): never {
      throw refusal("eval()");
    },
  }.eval;
  Object.defineProperty(globalThis, "eval", { value: refusingEval });
}

function refusal(what: string): EvalError {
  return new EvalError(`${what} is not available: code is compiled when it is created`);
}
