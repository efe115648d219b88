/** The realm's globals: there, correct, and not to be changed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inRealm } from "./realm.js";

test("nothing that is shared can be changed", () => {
  const changes = [
    "Array.prototype.map = 1",
    "Object.prototype.x = 1",
    "globalThis.x = 1",
    "globalThis.Array = 1",
    "delete globalThis.JSON",
    "Math.random = 1",
    "console.log = 1",
    "Error.stackTraceLimit = 0",
    "Error.prepareStackTrace = () => 1",
    "Object.getPrototypeOf(async () => 1).x = 1",
    "Object.getPrototypeOf([].values()).next = 1",
    "Object.getPrototypeOf(new URLSearchParams().entries()).next = 1",
    "Object.getPrototypeOf(Uint8Array).prototype.at = 1",
    "URL.prototype.toString = 1",
    "realm.runtime.v.string = 1",
    "realm.runtime.SqlError.prototype.name = 1",
    "Object.getPrototypeOf(realm.makeCtx(1, {}, {}, 'rw')).db = 1",
    "Object.getPrototypeOf(realm.makeCtx(1, {}, {}, 'rw').db).query = 1",
    "Object.prototype.toString = 1",
    "Object.setPrototypeOf(Object.prototype, {})",
  ];

  const survived = inRealm(`
    const survived = [];
    const attempts = { ${changes.map((code) => `${JSON.stringify(code)}() { ${code}; }`).join(", ")} };
    for (const [code, attempt] of Object.entries(attempts)) {
      try { attempt(); survived.push(code); } catch (error) {
        if (!(error instanceof TypeError)) survived.push(code + " " + error);
      }
    }
    return survived;`);

  assert.deepEqual(survived, []);
});

test("assigning over an inherited property makes an own one", () => {
  const made = inRealm(`
    const error = new TypeError("x");
    error.name = "Mine";
    error.message = "y";
    const counts = {};
    for (const word of ["constructor", "toString", "valueOf", "hasOwnProperty"]) {
      counts[word] = (Object.hasOwn(counts, word) ? counts[word] : 0) + 1;
    }
    function Old() {}
    Old.prototype = Object.create(Array.prototype);
    Old.prototype.toString = () => "old";
    class Point { x = 1; }
    Point.prototype.toString = function () { return "point " + this.x; };
    return [String(error), counts, String(new Old()), String(new Point()),
      Object.keys(error), String({}), [1, [2]].toString()];`);

  assert.deepEqual(made, [
    "Mine: y",
    { constructor: 1, toString: 1, valueOf: 1, hasOwnProperty: 1 },
    "old",
    "point 1",
    ["name"],
    "[object Object]",
    "1,2",
  ]);
});

test("code cannot be made of text", () => {
  const refused = inRealm(`
    const outcomes = [];
    for (const attempt of [
      () => eval("1"), () => (0, eval)("1"), () => new Function("return 1"),
      () => Function("return 1"), () => (() => 1).constructor("return 1"),
      () => (async () => 1).constructor("return 1"),
      () => (function* () {}).constructor("return 1"),
      () => (async function* () {}).constructor("return 1"),
      () => Reflect.construct(Function, ["return 1"]),
    ]) {
      try { outcomes.push(attempt()); } catch (error) { outcomes.push(error.name); }
    }
    return [outcomes, (() => 1) instanceof Function, Function.prototype === Object.getPrototypeOf(() => 1)];`);

  assert.deepEqual(refused, [Array(9).fill("EvalError"), true, true]);
});

test("what must not exist does not", () => {
  const there = inRealm(`
    ["WebAssembly", "SharedArrayBuffer", "Atomics", "DOMException", "setTimeout_", "fetch",
     "require", "Buffer", "__core-js_shared__", "__zod_globalConfig", "__zod_globalRegistry"]
      .filter((name) => name in globalThis)`);

  assert.deepEqual(there, []);
});

test("random numbers are uniform, and differ from realm to realm", () => {
  const draw = `
    const numbers = Array.from({ length: 20000 }, () => Math.random());
    const buckets = Array(10).fill(0);
    for (const n of numbers) buckets[Math.floor(n * 10)]++;
    return { buckets, distinct: new Set(numbers).size, first: numbers[0],
      low: Math.min(...numbers), high: Math.max(...numbers) };`;
  const one = inRealm(draw) as {
    buckets: number[];
    distinct: number;
    first: number;
    low: number;
    high: number;
  };
  const other = inRealm(draw) as typeof one;

  assert(
    one.buckets.every((count) => count > 1700 && count < 2300),
    String(one.buckets),
  );
  assert.equal(one.distinct, 20000);
  assert(one.low >= 0 && one.high < 1);
  assert.notEqual(one.first, other.first);
});

test("crypto gives version 4 identifiers and fills integer arrays", () => {
  const [uuids, filled, refusals] = inRealm(`
    const refusals = [];
    for (const bad of [new Float64Array(1), new Uint8Array(65537), [1], new DataView(new ArrayBuffer(8))]) {
      try { crypto.getRandomValues(bad); refusals.push("none"); } catch (error) { refusals.push(error.name); }
    }
    const part = new Uint8Array(8).subarray(2, 6);
    crypto.getRandomValues(part);
    const whole = [...new Uint8Array(part.buffer)];
    return [
      [crypto.randomUUID(), crypto.randomUUID()],
      [whole.slice(0, 2), whole.slice(6), crypto.getRandomValues(new BigUint64Array(2)).length],
      refusals,
    ];`) as [string[], unknown[], string[]];

  for (const uuid of uuids) {
    assert.match(
      uuid,
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  }
  assert.notEqual(uuids[0], uuids[1]);
  assert.deepEqual(filled, [[0, 0], [0, 0], 2]);
  assert.deepEqual(refusals, [
    "TypeMismatchError",
    "QuotaExceededError",
    "TypeError",
    "TypeMismatchError",
  ]);
});

test("text is encoded and decoded, also in pieces", () => {
  const results = inRealm(`
    const bytes = new TextEncoder().encode("é😀x");
    const decoder = new TextDecoder();
    let text = "";
    for (const byte of bytes) text += decoder.decode(new Uint8Array([byte]), { stream: true });
    text += decoder.decode();
    const into = new TextEncoder().encodeInto("é😀x", new Uint8Array(5));
    let fatal; try { new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([0xff])); } catch (e) { fatal = e.name; }
    let label; try { new TextDecoder("latin1"); } catch (e) { label = e.name; }
    return [[...bytes], text, into, new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])),
      new TextDecoder("utf8", { ignoreBOM: true }).decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])).length,
      new TextDecoder().decode(new Uint8Array([0x61, 0xff])), fatal, label,
      new TextDecoder().decode(new DataView(new Uint8Array([0x61, 0x62]).buffer, 1))];`);

  assert.deepEqual(results, [
    [195, 169, 240, 159, 152, 128, 120],
    "é😀x",
    { read: 1, written: 2 },
    "a",
    2,
    "a\uFFFD",
    "TypeError",
    "RangeError",
    "b",
  ]);
});

test("URLs, base64 and clones work in a frozen realm", () => {
  const results = inRealm(`
    const url = new URL("../x?b=2&a=1#h", "https://user@bücher.example:8080/a/b/c");
    url.searchParams.sort();
    url.searchParams.append("c", "ü ß");
    const date = new Date(0);
    const clone = structuredClone({ date, map: new Map([[1, new Set([2])]]), re: /x/g, self: [1n] });
    let refused; try { structuredClone(() => 1); } catch (e) { refused = e.name; }
    const invalid = ["*", "a", "a===", "ab=c", "é"].map((text) => {
      try { return atob(text); } catch (error) { return error.name; }
    });
    try { invalid.push(btoa("€")); } catch (error) { invalid.push(error.name); }
    const all = String.fromCharCode(...Array(256).keys());
    return [atob(btoa(all)) === all, atob(" a G k "), btoa(""), btoa("a"), btoa("ab"), invalid,
      url.href, URL.canParse("nope"), btoa("hi\\xff"), atob("aGk="),
      clone.date.getTime(), clone.map.get(1).has(2), clone.re.flags, clone.self[0] === 1n,
      clone.date === date, refused, [...new URLSearchParams({ a: "1" })]];`);

  assert.deepEqual(results, [
    true,
    "hi",
    "",
    "YQ==",
    "YWI=",
    Array(6).fill("InvalidCharacterError"),
    "https://user@xn--bcher-kva.example:8080/a/x?a=1&b=2&c=%C3%BC+%C3%9F#h",
    false,
    "aGn/",
    "hi",
    0,
    true,
    "g",
    true,
    false,
    "DataCloneError",
    [["a", "1"]],
  ]);
});

test("microtasks run in order, after the code that queued them", () => {
  const order = inRealm(`
    const order = [];
    queueMicrotask(() => order.push(2));
    queueMicrotask(() => order.push(3));
    order.push(1);
    await Promise.resolve(); await Promise.resolve();
    return order;`);

  assert.deepEqual(order, [1, 2, 3]);
});

test("a clone takes over what is transferred", () => {
  const results = inRealm(`
    const buffer = new Uint8Array([1, 2]).buffer;
    const clone = structuredClone({ buffer }, { transfer: [buffer] });
    const names = [];
    for (const transfer of [[buffer], [{}], [clone.buffer, clone.buffer]]) {
      try { structuredClone(1, { transfer }); names.push("none"); } catch (e) { names.push(e.name); }
    }
    try { structuredClone(); } catch (e) { names.push(e.name); }
    for (const value of [Symbol(), () => 1, new WeakMap()]) {
      try { structuredClone(value); names.push("none"); } catch (e) { names.push(e.name); }
    }
    const error = structuredClone(new RangeError("x", { cause: 1 }));
    return [buffer.byteLength, [...new Uint8Array(clone.buffer)], names,
      error instanceof RangeError, error.message,
      structuredClone(null), structuredClone([, 1]).length];`);

  assert.deepEqual(results, [
    0,
    [1, 2],
    ["DataCloneError", "DataCloneError", "DataCloneError", "TypeError"].concat(
      Array(3).fill("DataCloneError"),
    ),
    true,
    "x",
    null,
    2,
  ]);
});

test("a decoder keeps to its standard at the edges", () => {
  const results = inRealm(`
    const bytes = (...list) => new Uint8Array(list);
    const failures = [];
    for (const list of [[0xff], [0, 0xff], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
      try { new TextDecoder("utf-8", { fatal: true }).decode(bytes(...list)); failures.push(list); } catch {}
    }
    const stream = new TextDecoder();
    const mark = [stream.decode(bytes(0xef), { stream: true }), stream.decode(bytes(0xbb, 0xbf, 0x61), { stream: true }),
      stream.decode(bytes(0xef, 0xbb, 0xbf), { stream: true }), stream.decode()];
    const cut = new TextDecoder();
    return [failures, mark, new TextDecoder(" UTF-8\\n", null).decode(bytes(0, 0x61)),
      cut.decode(bytes(0xf0, 0x9f), { stream: true }) + cut.decode(),
      String(new TextDecoder()), String(new TextEncoder()), new TextDecoder("utf8", { fatal: true }).decode(bytes(0x61, 0))];`);

  assert.deepEqual(results, [
    [],
    ["", "a", "\uFEFF", ""],
    "\0a",
    "\uFFFD",
    "[object TextDecoder]",
    "[object TextEncoder]",
    "a\0",
  ]);
});
