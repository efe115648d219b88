/** Diagnostics: what they say, and where they point. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, complaints, module, plain } from "./compiler.js";

function messages(text: string): string[] {
  return compile([plain(text)]).diagnostics.map(({ message }) => message);
}

test("positions count characters of the text as given", () => {
  const text = "const s = '😀😀'; const n: number = s;\nreturn n";

  assert.deepEqual(complaints(plain(text)), ["TS2322 1:23 @23"]);
  assert.deepEqual(complaints(plain(`\r\n\n${text}`)), ["TS2322 3:23 @26"]);
  assert.deepEqual(complaints(module(`// é\n${text}; export {}`)), [
    "TS2322 2:23 @28",
    "TS1108 3:1 @43",
  ]);
});

test("syntax errors come alone, and say so", () => {
  const { diagnostics } = compile([plain("const x: number = 'a';\nreturn x +;")]);

  assert.deepEqual(diagnostics, [
    {
      severity: "error",
      code: "TS1109",
      message: "Expression expected.",
      line: 2,
      column: 11,
      position: 34,
      phase: "syntax",
      source: 1,
    },
  ]);
});

test("a missing return is reported at the end of the body", () => {
  assert.deepEqual(complaints(plain("if (a) return 1;\n\n")), ["TS2366 1:17 @17"]);
});

test("a forgotten null names the parameter and STRICT", () => {
  const hint =
    ' (parameter "a" is null when SQL passes NULL: ' +
    "test for null, or declare the function STRICT)";

  assert.deepEqual(messages("return a + 1"), [`'a' is possibly 'null'.${hint}`]);
  assert.match(messages("const n: number = a; return n")[0] ?? "", /STRICT\)$/);
  assert.match(messages("return Math.abs(a)")[0] ?? "", /STRICT\)$/);
  assert.doesNotMatch(
    messages("let x: number | null = a; x = null; return x + 1")[0] ?? "",
    /STRICT/,
  );
});

test("only @stopgap/runtime can be imported", () => {
  assert.deepEqual(
    complaints(module('import x from "lodash"; import "./y"; export default x')),
    ["TS2307 1:15 @15", "TS2307 1:32 @32"],
  );
  assert.deepEqual(complaints(module('import fs from "fs"; export default fs')), [
    "TS2307 1:16 @16",
  ]);
});

test("advice that cannot be followed is left out", () => {
  assert.deepEqual(messages("return document.x + process.pid"), [
    "Cannot find name 'document'. The global object is globalThis, and it is frozen.",
    "Cannot find name 'process'. Functions start no processes and see no environment: " +
      "settings of the session are read in SQL.",
  ]);
  assert.deepEqual(messages("return describe(1)"), ["Cannot find name 'describe'."]);
  assert.match(
    messages("setTimeout(() => {}, 1); return 1")[0] ?? "",
    /^Cannot find name 'setTimeout'\. There are no timers/,
  );
});

test("a module cannot change what others see", () => {
  for (const text of [
    "declare global { interface Array<T> { x: T } } export default () => 1",
    'declare module "@stopgap/runtime" { interface Ctx { x: 1 } } export default () => 1',
  ]) {
    assert.deepEqual(complaints(module(text)), ["PLTS1002 1:1 @1"]);
  }
});

test("sources are numbered, and do not see each other", () => {
  const { diagnostics, modules } = compile([
    module("export const secret = 1;"),
    module("export default () => secret;"),
    module("export default () => 1;"),
  ]);

  assert.deepEqual(
    diagnostics.map(({ source, code }) => [source, code]),
    [[2, "TS2304"]],
  );
  assert.deepEqual(
    modules.map(({ compiled_js }) => compiled_js !== null),
    [true, false, true],
  );
});

test("what TypeScript cannot bear is a diagnostic of that source", () => {
  const deep = `return ${"(".repeat(50_000)}1${")".repeat(50_000)}`;
  const { diagnostics, modules } = compile([plain(deep), plain("return 1")]);

  assert.deepEqual(
    diagnostics.map(({ source, code }) => [source, code]),
    [[1, "PLTS1000"]],
  );
  assert.equal(typeof modules[1]?.compiled_js, "string");
});

test("options are a whitelist", () => {
  const unused = [plain("const x = 1; return a")];

  assert.deepEqual(compile(unused, { options: {} }).diagnostics, []);
  assert.equal(
    compile(unused, { options: { noUnusedLocals: true } }).diagnostics[0]?.code,
    "TS6133",
  );
  assert.equal(
    compile(unused, { options: { target: "ES5" } }).error?.message,
    'unknown compiler option "target"',
  );
  assert.equal(
    compile(unused, { options: { noUnusedLocals: 1 } }).error?.message,
    'compiler option "noUnusedLocals" must be true or false',
  );
});
