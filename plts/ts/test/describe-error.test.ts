/** `describeError`: an answer for whatever was thrown. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorDescription } from "../realm/src/describe-error.js";
import { inRealm } from "./realm.js";
import { compileOne, module } from "./compiler.js";

function describe(code: string): ErrorDescription {
  return inRealm(`let thrown; try { ${code} } catch (error) { thrown = error; }
    return realm.describeError(thrown);`) as ErrorDescription;
}

test("errors are described by their message", () => {
  assert.deepEqual(describe('throw new TypeError("no")'), {
    name: "TypeError",
    message: "no",
    stack: "",
    isSqlError: false,
  });
  assert.equal(describe('throw "text"').message, "text");
  assert.equal(
    describe("throw { message: 'looks like one' }").message,
    "looks like one",
  );
  assert.equal(describe("throw { code: 1 }").message, "{ code: 1 }");
  assert.equal(describe("throw undefined").message, "undefined");
  assert.equal(describe("throw Symbol('s')").message, "Symbol(s)");
  assert.equal(describe("throw new Error()").message, "Error");
});

test("nothing that is thrown can break it", () => {
  for (const code of [
    "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy",
    "throw new Proxy({}, { get() { throw 1 }, has() { throw 1 }, getPrototypeOf() { throw 1 } })",
    "throw { get message() { throw 1 }, get stack() { throw 1 }, get name() { throw 1 } }",
    "throw { message: {}, stack: 1, name: [] }",
    "const e = new Error('loop'); e.cause = e; throw e",
    "const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { throw 1 } }); throw e",
    "throw Object.create(realm.runtime.SqlError.prototype)",
  ]) {
    const { message, isSqlError } = describe(code);

    assert.equal(typeof message, "string", code);
    assert.equal(isSqlError, false, code);
  }
});

test("text that PostgreSQL cannot hold is replaced", () => {
  const { message } = describe(
    'throw new Error("a\\u0000b\\ud800c😀" + "x".repeat(100000))',
  );

  assert.equal(message.slice(0, 7), "a\uFFFDb\uFFFDc😀");
  assert.equal(message.length, 65_537);
});

test("an SqlError keeps its fields", () => {
  const fields = {
    code: "23505",
    message: "taken",
    detail: "d",
    hint: "h",
    constraint: "c",
  };
  const more = { schema: "s", table: "t", column: "k", datatype: "int4" };

  assert.deepEqual(
    describe(`throw realm.makeSqlError(${JSON.stringify({ ...fields, ...more })})`),
    { name: "UniqueViolationError", ...fields, ...more, stack: "", isSqlError: true },
  );
});

test("stacks name the function and the TypeScript line", () => {
  const compiled = compileOne(
    module(
      "interface X { n: number }\n\nexport function inner(x: X): never {\n  throw new Error(`${x.n}`);\n}\nexport default () => inner({ n: 1 });\n",
    ),
  );
  const place = (text: string) => {
    const lines = (compiled.compiled_js ?? "").split("\n");
    const line = lines.findIndex((each) => each.includes(text));
    return `${line + 1}:${(lines[line] ?? "").indexOf(text) + 1}`;
  };
  const stack = [
    "Error: 1",
    `    at inner (plts:abc:${place("new Error")})`,
    `    at plts:abc:${place("inner({")}`,
    "    at Array.map (<anonymous>)",
    "    at async default (plts:abc:1:1)",
    "    at realm (realm.js:1:1)",
    "    at other (plts:unknown:1:1)",
    "    at plain (plts:memory:1:5:7)",
  ].join("\n");

  const described = inRealm(`
    modules["plts:abc"] = { name: "shop.f", lineOffset: 0, sourceMap: ${JSON.stringify(compiled.source_map)} };
    modules["plts:memory:1"] = { name: "g", lineOffset: 1, sourceMap: "" };
    const error = new Error("1", { cause: new TypeError("why") });
    error.stack = ${JSON.stringify(stack)};
    return realm.describeError(error).stack.split("\\n");`);

  assert.deepEqual(described, [
    "at inner (shop.f:4:9)",
    "at shop.f:6:22",
    "at async shop.f:3:1",
    "at plain (g:4:7)",
    "caused by: TypeError: why",
  ]);
});

test("a source map that does not parse does not hide the error", () => {
  const described = inRealm(`
    modules["plts:abc"] = { name: "f", lineOffset: 0, sourceMap: "{" };
    const error = new Error("x"); error.stack = "    at plts:abc:1:1";
    return realm.describeError(error);`) as ErrorDescription;

  assert.equal(described.message, "x");
  assert.equal(described.stack, "");
});
