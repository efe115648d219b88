/** One checker serves many programs; nothing of that shows in what it says. */

import assert from "node:assert/strict";
import test from "node:test";
import { compile, compileOne, complaints, module, plain } from "./compiler.js";

const mistake = plain("const s: string = a;\nreturn s.length;");

test("a source is judged the same however many came before it", () => {
  const first = compile([mistake]).diagnostics;

  for (let i = 0; i < 450; i++) compile([plain(`return ${i};`)], { emit: false });

  assert.equal(first.length, 1);
  assert.deepEqual(compile([mistake]).diagnostics, first);
});

test("a source is emitted the same however many came before it", () => {
  const source = module(
    'import { query, type Ctx } from "@stopgap/runtime";\n' +
      "enum State { on }\nexport default query((_: object, ctx: Ctx) => [State.on, ctx.now]);",
  );
  const first = compileOne(source);

  compile(Array.from({ length: 5 }, (_, i) => plain(`return ${i};`)));

  assert.deepEqual(compileOne(source), first);
});

test("options hold for their own compilation only", () => {
  const unused = plain("const b2 = 1;\nreturn 1;");

  assert.deepEqual(complaints(unused), []);
  const strict = compile([unused], { options: { noUnusedLocals: true } });
  assert.equal(strict.diagnostics[0]?.code, "TS6133");
  assert.deepEqual(complaints(unused), []);
});

test("names of one source are unknown to the next", () => {
  compile([module("export interface Mine { a: 1 }\nexport const mine = 1;")]);

  assert.deepEqual(complaints(module("export default (x: Mine) => mine;")), [
    "TS2304 1:20 @20",
    "TS2304 1:29 @29",
  ]);
});

test("after a failure of TypeScript's own the next source is judged afresh", () => {
  const deep = module(
    `export default () => ${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  );

  assert.equal(compile([deep]).diagnostics[0]?.code, "PLTS1000");
  assert.deepEqual(complaints(plain("return 1;")), []);
  assert.equal(compile([mistake]).diagnostics.length, 1);
});

test("messages do not tell how many sources came before", () => {
  const source = module(
    "export const one = 1;\nexport default () => { const x: string = globalThis; return x };",
  );
  const told = (): string[] =>
    compile([source]).diagnostics.map((each) => each.message);
  const first = told();

  assert.deepEqual(told(), first);
});
