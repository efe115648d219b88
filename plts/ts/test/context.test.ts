/** `ctx`: what it hands to the natives, and what it refuses. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inRealm } from "./realm.js";

const ctx = `const ctx = realm.makeCtx(7, { oid: 1, schema: "s", name: "f" }, { a: 1 }, "ro");`;

test("a handler is called with the context of its call", () => {
  const seen = inRealm(`
    const handler = (ctx) => [Object.keys(ctx), ctx.args.a, ctx.fn.name, ctx.db.mode, ctx.now,
      ctx.db === ctx.db, ctx.db.sync === ctx.db.sync];
    return realm.callWithCtx(handler, 7, { oid: 1, schema: "s", name: "f" }, { a: 1 }, "ro");`);

  assert.deepEqual(seen, [
    ["args", "fn"],
    1,
    "f",
    "ro",
    "2024-02-29T12:00:00.000000+00:00",
    true,
    true,
  ]);
});

test("every form of SQL reaches the natives as text and a clean array", () => {
  const sent = inRealm(`${ctx}
    const { json } = realm.runtime;
    await ctx.db.query("a");
    await ctx.db.query("b", [1, undefined]);
    await ctx.db.exec({ sql: "c", params: [2] });
    ctx.db.sync.query({ toSQL: () => ({ sql: "d", params: [json({ x: 1 }), json("t")] }) });
    ctx.db.sync.exec({ sql: "e", params: [3] }, [4]);
    ctx.db.sync.exec({ toSQL() { return { sql: this.text }; }, text: "f" });
    return statements;`);

  assert.deepEqual(sent, [
    [7, "a", null],
    [7, "b", [1, null]],
    [7, "c", [2]],
    [7, "d", [{ x: 1 }, "t"]],
    [7, "e", [4]],
    [7, "f", null],
  ]);
});

test("wrong input is a TypeError, rejected where a promise is returned", () => {
  const outcomes = inRealm(`${ctx}
    const outcomes = [];
    for (const args of [[], [1], [null], [{}], [{ sql: 1 }], [{ toSQL: () => 1 }], ["x", 1], ["x", {}]]) {
      let promise;
      try { promise = ctx.db.query(...args); } catch { outcomes.push("thrown"); }
      await promise?.then(() => outcomes.push("none"), (error) => outcomes.push(error.name));
      try { ctx.db.sync.exec(...args); outcomes.push("none"); } catch (error) { outcomes.push(error.name); }
    }
    return [outcomes, statements.length];`);

  assert.deepEqual(outcomes, [Array(16).fill("TypeError"), 0]);
});

test("too many parameters are refused before any is read", () => {
  const [code, read] = inRealm(`${ctx}
    let read = 0;
    const many = new Proxy(Array(70000), { get(target, key) { if (key === "0") read++; return target[key]; } });
    try { ctx.db.sync.query("x", many); } catch (error) { return [error.code, read]; }
    return [];`) as [string, number];

  assert.equal(code, "54000");
  assert.equal(read, 0);
});
