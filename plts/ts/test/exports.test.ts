/** Exports, imports and the code that is emitted. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { compile, compiler, compileOne, module } from "./compiler.js";

const runtime = 'import { query, mutation, v, type Ctx } from "@stopgap/runtime";\n';

function kindOf(text: string): string | undefined {
  return compileOne(module(runtime + text)).exports.default?.kind;
}

test("the kind comes from the type of the default export", () => {
  assert.equal(kindOf("export default query(() => 1);"), "query");
  assert.equal(kindOf("export default mutation(() => 1);"), "mutation");
  assert.equal(
    kindOf("const q = query(v.object({}), () => 1); export { q as default };"),
    "query",
  );
  assert.equal(kindOf("export default (ctx: Ctx) => ctx.now;"), "mutation");
});

test("a kind of the author's own is no brand", () => {
  const text = 'export default Object.assign(() => 1, { kind: "query" as const });';

  assert.equal(kindOf(text), "mutation");
});

test("async and generator handlers are known", () => {
  const of = (text: string) => {
    const { async, generator } =
      compileOne(module(runtime + text)).exports.default ?? {};
    return [async, generator];
  };

  assert.deepEqual(of("export default () => 1;"), [false, false]);
  assert.deepEqual(of("export default query(async () => 1);"), [true, false]);
  assert.deepEqual(of("export default function* () { yield 1 }"), [false, true]);
  assert.deepEqual(of("export default async function* () { yield 1 }"), [false, true]);
});

test("a module without a default export has none", () => {
  assert.deepEqual(compileOne(module("export const x = 1;")).exports, {});
  assert.deepEqual(compileOne(module("export default interface X {}")).exports, {});
});

test("imports are those the code needs, not those of types alone", () => {
  const ofTypes =
    'import { type Ctx } from "@stopgap/runtime"; export default (c: Ctx) => c.now;';

  assert.deepEqual(compileOne(module(ofTypes)).imports, []);
  assert.deepEqual(
    compileOne(module(`${runtime}export default query(() => 1);`)).imports,
    ["@stopgap/runtime"],
  );
  const dynamic = 'export default () => import("@stopgap/runtime");';
  assert.deepEqual(compileOne(module(dynamic)).imports, ["@stopgap/runtime"]);
});

test("what is emitted does not depend on what is compiled beside it", () => {
  const text = `${runtime}export default query(() => { const n: number = 1; return n; });`;
  const alone = compileOne(module(text));
  const others = Array.from({ length: 450 }, (_, i) =>
    module(`export const x${i} = 1;`),
  );

  const { modules, diagnostics } = compile([...others, module(text)]);

  assert.deepEqual(diagnostics, []);
  assert.equal(modules.length, 451);
  assert.deepEqual(modules.at(-1), alone);
});

test("the source map leads back to the TypeScript", () => {
  const text =
    "interface X {}\n\nexport default (x: X) => {\n  throw new Error(String(x));\n};\n";
  const { compiled_js: code, source_map: map } = compileOne(module(text));
  const lines = (code ?? "").split("\n");
  const line = lines.findIndex((each) => each.includes("throw"));

  const place = originalPositionFor(new TraceMap(map ?? ""), {
    line: line + 1,
    column: 4,
  });

  assert.equal(place.line, 4);
  assert.doesNotMatch(code ?? "", /sourceMappingURL/);
});

test("checking alone emits nothing, and still finds the exports", () => {
  const { modules } = compile([module(`${runtime}export default query(() => 1);`)], {
    emit: false,
  });

  assert.equal(modules[0]?.compiled_js, null);
  assert.equal(modules[0]?.exports.default?.kind, "query");
});

test("the fingerprint names TypeScript and what drives it", () => {
  assert.match(compiler.fingerprint, /^typescript 6\.0\.3; plts [0-9a-f]{16}$/);
});
