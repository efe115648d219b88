/** `console`: what reaches the log, and that looking at a value cannot hurt. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inRealm } from "./realm.js";

function logged(code: string): unknown {
  return inRealm(`${code}; return log;`);
}

test("each method has its level", () => {
  const code = ["debug", "log", "info", "warn", "error"].map(
    (name) => `console.${name}("x")`,
  );

  assert.deepEqual(logged(code.join("; ")), [
    [0, "x"],
    [1, "x"],
    [1, "x"],
    [2, "x"],
    [3, "x"],
  ]);
});

test("values are shown as Node shows them", () => {
  const shown = logged(`
    console.log(1, -0, 2n, null, undefined, true, Symbol("s"), "text", ["text"]);
    console.log({ a: { b: { c: { d: { e: { f: 1 } } } } }, "x-y": [1, , 3] });
    console.log(new Map([["k", { v: 1 }]]), new Set([1]), new Date(0), /x/g, new Uint8Array(2));
    console.log(() => 1, class Point {}, function named() {}, new (class Point { x = 1 })());
    console.log("%s is %d%% of %i, %o %j %c.", "x", 12.5, "7.9", [1], { a: 1 }, "css", "rest");
    const loop = { name: "loop" }; loop.self = loop; console.log(loop);
    console.log({ get a() { throw 1 }, set b(x) {}, [Symbol("k")]: 1 });
    console.log(Array.from({ length: 120 }, (_, i) => i).length, "it's", ["it's", 'say "x"']);`) as [
    number,
    string,
  ][];

  assert.deepEqual(
    shown.map(([, text]) => text),
    [
      "1 -0 2n null undefined true Symbol(s) text [ 'text' ]",
      "{ a: { b: { c: { d: { e: [Object] } } } }, 'x-y': [ 1, undefined, 3 ] }",
      "Map(1) { 'k' => { v: 1 } } Set(1) [ 1 ] 1970-01-01T00:00:00.000Z /x/g Uint8Array(2) [ 0, 0 ]",
      "[Function (anonymous)] [class: Point] [Function: named] Point { x: 1 }",
      "x is 12.5% of 7, [ 1 ] { a: 1 } . rest",
      "{ name: 'loop', self: [Circular] }",
      "{ a: [Getter], b: [Setter], [Symbol(k)]: 1 }",
      `120 it's [ "it's", 'say "x"' ]`,
    ],
  );
});

test("a hostile value spoils its own text only", () => {
  const shown = logged(`
    const { proxy, revoke } = Proxy.revocable({}, {}); revoke();
    const trap = new Proxy({}, { ownKeys() { throw new Error("no"); } });
    console.log("before", proxy, [trap], { toString() { throw 1 } }, "after");`) as [
    number,
    string,
  ][];

  assert.match(
    shown[0]?.[1] ?? "",
    /^before \[unreadable\] \[ \[unreadable\] \] \{.*\} after$/,
  );
});

test("timers, counters and assertions say what they should", () => {
  const shown = logged(`
    console.count(); console.count(); console.countReset(); console.count("x");
    console.time("t"); console.timeLog("t", "mid"); console.timeEnd("t"); console.timeEnd("t");
    console.assert(true, "no"); console.assert(false); console.assert(0, "n is", 0);
    console.dir({ a: 1 });`) as [number, string][];
  const text = shown.map(
    ([level, line]) => `${level} ${line.replace(/[\d.]+ ms/, "# ms")}`,
  );

  assert.deepEqual(text, [
    "1 default: 1",
    "1 default: 2",
    "1 x: 1",
    "1 t: # ms mid",
    "1 t: # ms",
    '2 Timer "t" does not exist',
    "3 Assertion failed",
    "3 Assertion failed: n is 0",
    "1 { a: 1 }",
  ]);
});

test("groups indent, and tables align", () => {
  const shown = logged(`
    console.group("outer"); console.log("a\\nb"); console.group(); console.warn("c");
    console.groupEnd(); console.groupEnd(); console.groupEnd(); console.log("d");
    console.table([{ a: 1, b: "x" }, { a: 22 }, 3]);
    console.table([{ a: 1, b: 2 }], ["b"]); console.table(5);
    console.time("t"); console.time("t"); console.countReset("none");`);

  assert.deepEqual(shown, [
    [1, "outer"],
    [1, "  a\n  b"],
    [2, "    c"],
    [1, "d"],
    [
      1,
      "(index) | a  | b | Values\n--------+----+---+-------\n" +
        "0       | 1  | x |\n1       | 22 |   |\n2       |    |   | 3",
    ],
    [1, "(index) | b\n--------+--\n0       | 2"],
    [1, "5"],
    [2, 'Timer "t" already exists'],
    [2, 'Count for "none" does not exist'],
  ]);
});
