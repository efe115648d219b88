/** Imports: how they are resolved, typed and recorded. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArtifactRequest, CompileRequest } from "../compiler/src/protocol.js";
import { compile, complaints, module, plain } from "./compiler.js";

const hash = (digit: string) => `sha256:${digit.repeat(64)}`;
const artifact = (digit: string) => `plts+artifact:${hash(digit)}`;

const money: ArtifactRequest = {
  text: "export const add = (a: number, b: number): number => a + b; export type Cent = number;",
};

function compiled(
  text: string,
  artifacts: Record<string, ArtifactRequest | null> = {},
  rest: Omit<CompileRequest, "sources"> = {},
) {
  const { modules, diagnostics, needs } = compile([module(text)], {
    artifacts,
    ...rest,
  });
  return { ...modules[0], diagnostics, needs };
}

function said(text: string, artifacts: Record<string, ArtifactRequest | null> = {}) {
  return compiled(text, artifacts).diagnostics.map(
    ({ code, message, line, column }) => `${line}:${column} ${code}: ${message}`,
  );
}

test("an artifact is asked for, and typed from its source", () => {
  const text = `import { add } from "${artifact("a")}"; export default () => add(1, "2");`;

  assert.deepEqual(compiled(text).needs, [hash("a")]);
  assert.deepEqual(said(text, { [hash("a")]: money }), [
    "1:138 TS2345: Argument of type 'string' is not assignable to parameter of type 'number'.",
  ]);
});

test("artifacts are asked for transitively", () => {
  const text = `export { add } from "${artifact("b")}";`;
  const between = { text: `export { add } from "${artifact("a")}";` };

  const { needs } = compiled(text, { [hash("b")]: between });
  const { diagnostics, exports } = compiled(text, {
    [hash("a")]: money,
    [hash("b")]: between,
  });

  assert.deepEqual(needs, [hash("a")]);
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(Object.keys(exports ?? {}), ["add"]);
});

test("a missing artifact is a diagnostic at its place", () => {
  assert.deepEqual(
    said(`import x from "${artifact("a")}"; export default () => x;`, {
      [hash("a")]: null,
    }),
    [`1:15 PLTS1005: artifact ${hash("a")} does not exist in plts.artifact`],
  );
});

test("every form of import is settled", () => {
  const a = artifact("a");
  for (const text of [
    `import "${a}";`,
    `import * as all from "${a}"; export default () => all.add(1, 2);`,
    `import { add as plus } from "${a}"; export default () => plus(1, 2);`,
    `export * from "${a}";`,
    `export * as money from "${a}";`,
    `export { add as default } from "${a}";`,
    `export default async () => (await import("${a}")).add(1, 2);`,
    "export default async () => (await import(`" + a + "`)).add(1, 2);",
    `import type { Cent } from "${a}"; export default (): Cent => 1;`,
    `export default (): import("${a}").Cent => 1;`,
  ]) {
    const { diagnostics, imports } = compiled(text, { [hash("a")]: money });
    assert.deepEqual([diagnostics, imports], [[], [a]], text);
  }
});

test("a plain body imports dynamically", () => {
  const text = `const { add } = await import("${artifact("a")}"); return add(a ?? 0, 1)`;

  const { diagnostics, modules } = compile([plain(text)], {
    artifacts: { [hash("a")]: money },
  });

  assert.deepEqual(diagnostics, []);
  assert.deepEqual(modules[0]?.imports, [artifact("a")]);
});

test("what is imported must be known when the function is created", () => {
  assert.deepEqual(complaints(module("export default (x: string) => import(x);")), [
    "PLTS1008 1:31 @31",
  ]);
  const unchecked = '// @ts-nocheck\nimport fs from "fs"; export default () => fs;';
  assert.deepEqual(complaints(module(unchecked)), ["TS2307 2:16 @31"]);
});

test("data: URLs are typed from their text", () => {
  const js = "export const twice = (n) => n * 2; export const one = 1;";
  const base64 = `data:text/javascript;base64,${btoa(js)}`;

  for (const url of [
    `data:text/javascript,${js}`,
    base64,
    encodeURI(`data:text/javascript;charset=utf-8,${js}`),
  ]) {
    const text = `import { twice, one } from "${url}"; export default (): number => twice(one);`;
    assert.deepEqual(said(text), []);
  }
  assert.match(
    said(`import { one } from "${base64}"; export default (): string => one;`)[0] ?? "",
    /TS2322: Type 'number' is not assignable to type 'string'/,
  );
});

test("JSON is imported with its attribute, and typed", () => {
  const url = `'data:application/json,{"a": [1, 2]}'`;
  const good = `import data from ${url} with { type: "json" }; export default (): number[] => data.a;`;

  const { diagnostics, compiled_js } = compiled(good);

  assert.deepEqual(diagnostics, []);
  assert.doesNotMatch(compiled_js ?? "", /with/);
  assert.match(
    said(`import data from ${url}; export default () => data;`)[0] ?? "",
    /PLTS1007/,
  );
  assert.match(
    said(
      `import x from "data:text/javascript,export default 1" with { type: "json" }; export default () => x;`,
    )[0] ?? "",
    /1:15 PLTS1007: only JSON/,
  );
  assert.match(
    said(
      `import x from "data:text/javascript,export default 1" with { type: "css" }; export default () => x;`,
    )[0] ?? "",
    /PLTS1007: unknown import attribute type: "css"/,
  );
  const dynamic = `export default async () => (await import(${url}, { with: { type: "json" } })).default.a;`;
  assert.deepEqual(said(dynamic), []);
});

test("what is wrong with a data: URL is said where it is named", () => {
  const cases: [url: string, message: RegExp][] = [
    ["data:text/javascript,export const x = ;", /line 1, column 18 .* TS1109/],
    ["data:text/javascript,export const x: number = 1;", /TS8010/],
    ["data:text/plain,x", /its type is "text\/plain"/],
    ["data:,x", /its type is not given/],
    ["data:text/javascript", /no comma/],
    ["data:text/javascript;base64,*", /cannot be decoded/],
    ["data:application/json,{", /is no JSON/],
    [
      "data:text/javascript,import 'lodash'",
      /in the data: URL: Cannot find module "lodash"/,
    ],
  ];
  for (const [url, message] of cases) {
    const found = said(`import x from ${JSON.stringify(url)}; export default () => x;`);
    const ours = found.find((each) => /^1:15 (?:PLTS1006|TS2307)/.test(each));
    assert.match(ours ?? String(found), message);
  }
});

test("an import map stands in a comment at the top, or in the options", () => {
  const use = 'import { add } from "money"; export default () => add(1, 2);';
  const given = { [hash("a")]: money };
  const map = { money: artifact("a") };

  for (const text of [
    `// plts-import-map: ${JSON.stringify(map)}\n${use}`,
    `// Adds.\n/* plts-import-map:\n${JSON.stringify(map, undefined, 2)} */\n${use}`,
  ]) {
    const { diagnostics, imports, import_map } = compiled(text, given);
    assert.deepEqual([diagnostics, imports, import_map], [[], [artifact("a")], map]);
  }
  const byOptions = compiled(use, given, { options: { import_map: map } });
  assert.deepEqual(byOptions.diagnostics, []);
  assert.deepEqual(byOptions.import_map, map);
});

test("an import map records what is imported, no more", () => {
  const map = { money: artifact("a"), unused: artifact("b") };
  const text = 'import { add } from "money"; export default () => add(1, 2);';

  const { import_map } = compiled(
    text,
    { [hash("a")]: money },
    { options: { import_map: map } },
  );

  assert.deepEqual(import_map, { money: artifact("a") });
});

test("a comment within the text is no import map", () => {
  const map = `// plts-import-map: {"money": "${artifact("a")}"}`;
  const text = `const s = 1;\n${map}\nimport { add } from "money"; export default () => add(s, 2);`;

  assert.match(said(text, { [hash("a")]: money })[0] ?? "", /3:21 TS2307/);
});

test("a plain body may have an import map", () => {
  const text = `// plts-import-map: {"money": "${artifact("a")}"}\nreturn (await import("money")).add(1, 2)`;

  const { diagnostics, modules } = compile([plain(text)], {
    artifacts: { [hash("a")]: money },
  });

  assert.deepEqual(diagnostics, []);
  assert.deepEqual(modules[0]?.import_map, { money: artifact("a") });
});

test("what is wrong with an import map is said", () => {
  for (const [map, message] of [
    ["{", /is no JSON/],
    ["[]", /is an object/],
    ['{"./x": "data:,"}', /cannot name ".\/x"/],
    ['{"@stopgap/runtime": "data:,"}', /cannot name/],
    ['{"x": "y"}', /leads "x" to "y"/],
    ['{"x": 1}', /leads "x" to 1/],
  ] as const) {
    const text = `// plts-import-map: ${map}\nexport default () => 1;`;
    assert.match(said(text)[0] ?? "", message);
    assert.match(said(text)[0] ?? "", /^1:1 PLTS1004/);
  }
  const { error } = compile([module("")], { options: { import_map: { x: 1 } } });
  assert.match(error?.message ?? "", /leads "x" to 1/);
});

test("what a data: URL imports is the source's import", () => {
  const url = `data:text/javascript,export { add } from '${artifact("a")}'`;

  const { imports, diagnostics } = compiled(
    `export { add as default } from "${url}";`,
    { [hash("a")]: money },
  );

  assert.deepEqual(diagnostics, []);
  assert.deepEqual(imports, [url, artifact("a")].sort());
});

test("all callable exports are recorded, with their kinds", () => {
  const { exports } = compiled(
    'import { query, mutation } from "@stopgap/runtime";\n' +
      "export const read = query(() => 1); export const write = mutation(async () => 1);\n" +
      "export function* each() { yield 1 } export const limit = 3; export type T = 1;\n" +
      "export default read;",
  );

  assert.deepEqual(exports, {
    read: { kind: "query", async: false, generator: false },
    write: { kind: "mutation", async: true, generator: false },
    each: { kind: "mutation", async: false, generator: true },
    default: { kind: "query", async: false, generator: false },
  });
});

test("messages name imported modules as their importers do", () => {
  const text = `import { nothing } from "${artifact("a")}"; import x from "data:text/javascript,1"; export default () => [nothing, x];`;

  assert.deepEqual(said(text, { [hash("a")]: money }), [
    `1:10 TS2305: Module '"${artifact("a")}"' has no exported member 'nothing'.`,
    `1:121 TS1192: Module '"data:…"' has no default export.`,
  ]);
});
