/** Plain bodies: told from modules, wrapped, and kept inside their function. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { compileOne, complaints, module, plain, wrapper } from "./compiler.js";

test("a text with a top-level export or import is a module", () => {
  for (const text of [
    "export default () => 1",
    "const f = () => 1; export { f as default };",
    'import { query } from "@stopgap/runtime"; export default query(() => 1);',
  ]) {
    assert.equal(compileOne(plain(text)).form, "module");
  }
});

test("the word export in a comment or a string makes no module", () => {
  for (const text of [
    "// export default x\nreturn 1",
    "const s = `\nexport default x`; return s.length",
    "/*\nimport x\n*/ return 1",
  ]) {
    assert.equal(compileOne(plain(text)).form, "plain");
  }
});

test("the artifact of a plain body is its wrapped text", () => {
  const compiled = compileOne(plain("return a"));

  assert.equal(compiled.source_ts, `${wrapper.headers[0]}return a\n}\n`);
  assert.match(compiled.compiled_js ?? "", /^export default function \(ctx, a, b\) \{/);
  assert.deepEqual(compiled, compileOne(module(compiled.source_ts)));
});

test("the body's own await and yield choose the header", () => {
  const variants: Record<string, number> = {
    "return a": 0,
    "return await Promise.resolve(1)": 1,
    "for await (const x of [1]) return x; return a": 1,
    "yield a": 2,
    "yield await Promise.resolve(1)": 3,
    "const f = async () => await 1; void f; return a": 0,
    "function* g() { yield 1 } void g; return a": 0,
    "class C { static x = async () => { await 1 } } void C; return a": 0,
    "class C { static async [await Promise.resolve('x')]() {} } void C; return a": 1,
    "return [1].map((x) => x)[0] ?? (await Promise.resolve(1))": 1,
  };

  for (const [text, variant] of Object.entries(variants)) {
    const compiled = compileOne(plain(text));

    assert.equal(compiled.variant, variant, text);
    assert.equal(compiled.exports.default?.async, (variant & 1) === 1, text);
    assert.equal(compiled.exports.default?.generator, (variant & 2) === 2, text);
  }
});

test("a body cannot get out of its function", () => {
  assert.deepEqual(complaints(plain("} evil(); {")), ["TS1128 1:1 @1"]);
  assert.deepEqual(complaints(plain("return 1\n}\nfunction x() {")), [
    "TS1128 2:1 @10",
  ]);
  assert.deepEqual(complaints(plain("return 1; }")), ["TS1128 1:11 @11"]);
  assert.deepEqual(complaints(plain("if (a) {")), ["TS1005 1:9 @9"]);
});

test("what swallows the footer is reported inside the body", () => {
  assert.deepEqual(complaints(plain("return `x")), ["TS1160 1:10 @10"]);
  assert.deepEqual(complaints(plain("return a /*")), ["TS1010 1:12 @12"]);
  assert.deepEqual(complaints(plain("if (a) {} /*")), ["TS1010 1:13 @13"]);
  assert.deepEqual(compileOne(plain("return a //")).form, "plain");
});

test("a body that is only a function asks for export default", () => {
  for (const text of [
    "(ctx) => 1",
    "((ctx) => 1);",
    "async function handler(ctx) { return 1 }",
    "function (ctx) { return 1 }",
  ]) {
    assert.match(complaints(plain(text))[0] ?? "", /^PLTS1001 1:/, text);
  }
});

test("a body is known to use its context, or not to", () => {
  const uses = (text: string) => compileOne(plain(text)).exports.default?.uses_ctx;

  assert.equal(uses("return a"), false);
  assert.equal(uses("return ctx.fn.oid"), true);
  assert.equal(uses("const f = () => ctx; void f; return a"), true);
  assert.equal(uses("return arguments.length"), true);
});

test("a module that CREATE FUNCTION makes must have something to call", () => {
  assert.deepEqual(complaints(plain("export const x = 1")), ["PLTS1003 1:1 @1"]);
  assert.deepEqual(complaints(plain("export default 42")), ["PLTS1003 1:1 @1"]);
  assert.deepEqual(complaints(module("export const x = 1")), []);
});
