/** Schemas in a frozen realm: they work, and nothing that they share can be changed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { v } from "@stopgap/runtime";
import { schemaCases } from "../../../runtime/test/schema-cases.js";
import { inRealm } from "./realm.js";

const cases = `const cases = (${schemaCases.toString()})(realm.runtime.v);`;

test("every sort of schema decides as it does outside", () => {
  const decided = inRealm(`${cases}
    const { v } = realm.runtime;
    const decided = {};
    for (const [name, [schema, ...values]] of Object.entries(cases)) {
      decided[name] = values.map((value) => v.safeParse(schema, value).success);
    }
    return decided;`);
  const outside = Object.entries(schemaCases(v)).map(([name, [schema, ...values]]) => [
    name,
    values.map((value) => v.safeParse(schema, value).success),
  ]);

  assert.deepEqual(decided, Object.fromEntries(outside));
});

test("nothing that schemas of different functions share can be changed", () => {
  const open = inRealm(`
    const first = (${schemaCases.toString()})(realm.runtime.v);
    const second = (${schemaCases.toString()})(realm.runtime.v);
    const reachable = (cases) => {
      const found = new Map();
      const todo = Object.entries(cases).map(([name, [schema, , bad]]) => [
        name, [schema, realm.runtime.v.safeParse(schema, bad).error]]);
      while (todo.length > 0) {
        const [path, value] = todo.pop();
        if ((typeof value !== "object" || value === null) && typeof value !== "function") continue;
        if (found.has(value)) continue;
        found.set(value, path);
        todo.push([path + ".__proto__", Object.getPrototypeOf(value)]);
        for (const key of Reflect.ownKeys(value)) {
          const property = Object.getOwnPropertyDescriptor(value, key);
          const inner = path + "." + String(key);
          todo.push([inner, property.value], [inner, property.get], [inner, property.set]);
        }
      }
      return found;
    };
    const again = reachable(second);
    const open = [];
    for (const [value, path] of reachable(first)) {
      if (!again.has(value)) continue;
      const fixed = value instanceof RegExp ? !Object.isExtensible(value) : Object.isFrozen(value);
      if (!fixed) open.push(path);
    }
    return open;`);

  assert.deepEqual(open, []);
});
