/** The compiler's declarations and what really exists: they cannot drift. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import * as runtime from "@stopgap/runtime";
import { compile, compileOne, module } from "./compiler.js";
import { inRealm } from "./realm.js";

declare const REPOSITORY: string;

test("the compiler knows the same exports as the package and the realm have", () => {
  const names = Object.keys(runtime).sort();

  compileOne(
    module(
      `import * as runtime from "@stopgap/runtime";
       type Known = keyof typeof runtime;
       type Real = ${names.map((name) => JSON.stringify(name)).join(" | ")};
       export const same: [Known] extends [Real] ? [Real] extends [Known] ? true : 0 : 1 = true;`,
    ),
  );
  assert.deepEqual(inRealm("Object.keys(realm.runtime).sort()"), names);
});

test("the compiler knows the same members of v as there are", () => {
  const { v } = runtime;
  const names = (object: object) =>
    Object.keys(object)
      .map((name) => JSON.stringify(name))
      .join(" | ");

  compileOne(
    module(
      `import { v } from "@stopgap/runtime";
       type Same<A, B> = [A] extends [B] ? [B] extends [A] ? true : 0 : 1;
       export const all: Same<keyof typeof v, ${names(v)}> = true;
       export const iso: Same<keyof typeof v.iso, ${names(v.iso)}> = true;
       export const coerce: Same<keyof typeof v.coerce, ${names(v.coerce)}> = true;`,
    ),
  );
});

test("the type tests of the package hold for the compiler's declarations", () => {
  const text = readFileSync(`${REPOSITORY}runtime/test/types.ts`, "utf8");

  const options = { noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true };
  assert.deepEqual(compile([module(text)], { options }).diagnostics, []);
});

test("the examples in the package's comments compile", () => {
  const folder = `${REPOSITORY}runtime/src`;
  const examples = readdirSync(folder).flatMap((name) => {
    const text = readFileSync(`${folder}/${name}`, "utf8");
    return [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, example = ""]) =>
      example.replace(/^ \* ?/gm, ""),
    );
  });

  assert(examples.length >= 6);
  for (const example of examples) compileOne(module(`${example}\nexport {};`));
});

test("every global that the compiler declares exists in the realm", () => {
  const missing = inRealm(`
    const declared = ${JSON.stringify(declaredGlobals())};
    const missing = [];
    for (const [path, members] of Object.entries(declared)) {
      let object = globalThis;
      for (const name of path.split(".").filter(Boolean)) object = object?.[name];
      for (const name of members) {
        if (object === undefined || object === null || !(name in Object(object))) {
          missing.push(path + "." + name);
        }
      }
    }
    return missing;`);

  // Properties of instances, which no prototype has.
  const own = /\.prototype\.(?:prototype|lastIndex|cause|stack|errors)$/;
  assert.deepEqual(
    (missing as string[]).filter((path) => !own.test(path)),
    [],
  );
});

/** Names of the global values, under "", and of the members of each class among them. */
function declaredGlobals(): Record<string, string[]> {
  const file = `${REPOSITORY}build/js/library.json`;
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, string[]>;
}
