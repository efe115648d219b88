/** The package as it is published: packed, unpacked, used by a project of its own. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as runtime from "@stopgap/runtime";

declare const REPOSITORY: string;

const project = mkdtempSync(join(tmpdir(), "stopgap-runtime-"));
const home = join(project, "node_modules", "@stopgap", "runtime");
after(() => {
  rmSync(project, { recursive: true });
});

mkdirSync(home, { recursive: true });
const packed = JSON.parse(
  run(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", project],
    `${REPOSITORY}runtime`,
  ),
) as { filename: string; files: { path: string }[] }[];
const [archive] = packed;
assert(archive !== undefined);
run(
  "tar",
  ["-xzf", join(project, archive.filename), "-C", home, "--strip-components=1"],
  project,
);
for (const name of ["bignumber.js", "zod", "@types"]) {
  symlinkSync(`${REPOSITORY}node_modules/${name}`, join(project, "node_modules", name));
}
writeFileSync(join(project, "package.json"), '{ "type": "module" }');

function run(command: string, args: string[], folder: string): string {
  return execFileSync(command, args, { cwd: folder, encoding: "utf8" });
}

/** What a module of the project prints. */
function inNode(code: string): unknown {
  writeFileSync(join(project, "main.mjs"), code);
  return JSON.parse(run(process.execPath, ["main.mjs"], project));
}

/** Type-checks and compiles a file of the project as its authors would. */
function typeCheck(name: string, text: string, options: string): void {
  writeFileSync(join(project, name), text);
  run(
    process.execPath,
    [
      `${REPOSITORY}node_modules/typescript/bin/tsc`,
      ..."--strict --target ES2022 --module NodeNext".split(" "),
      ..."--exactOptionalPropertyTypes".split(" "),
      ...options.split(" "),
      name,
    ],
    project,
  );
}

test("the package holds what it needs and no more", () => {
  const files = archive.files.map(({ path }) => path);

  assert(files.includes("README.md"));
  assert(files.includes("dist/index.js"));
  assert(files.includes("dist/index.d.ts"));
  assert.deepEqual(
    files.filter(
      (path) =>
        !/^(?:dist\/[\w-]+(?:\.d\.ts|\.js)|README\.md|package\.json)$/.test(path),
    ),
    [],
  );
});

test("plain Node imports it, with the exports that the realm has", () => {
  const names = inNode(
    'import * as all from "@stopgap/runtime"; console.log(JSON.stringify(Object.keys(all)));',
  );

  assert.deepEqual(names, Object.keys(runtime));
});

test("the wrapper checks arguments and results as it does in the database", () => {
  const told = inNode(`
    import { query, v } from "@stopgap/runtime";
    const item = v.object({ id: v.int(), tags: v.array(v.string()) });
    const f = query({ args: item, returns: v.string(), handler: ({ id }) => id > 1 ? "ok" : 1 });
    const outcome = (args) => {
      try { return f({ args }); } catch ({ code, message, detail }) { return [code, message, detail]; }
    };
    console.log(JSON.stringify([f.kind, outcome({ id: 2, tags: [] }),
      outcome({ id: "x", tags: ["a", 1], more: 1 })?.[0],
      outcome({ id: "x", tags: ["a", 1], more: 1 })?.[2].split("\\n").length,
      outcome({ id: 1, tags: [] })?.[0]]));`);

  assert.deepEqual(told, ["query", "ok", "22023", 3, "39000"]);
});

test("the unit test of the documentation compiles and passes", () => {
  const page = readFileSync(`${REPOSITORY}docs/language/runtime.md`, "utf8");
  const [, example = ""] = /```ts\n([^]*?)```/.exec(page) ?? [];

  typeCheck("example.ts", example, "--types node --skipLibCheck");

  assert.equal(run(process.execPath, ["example.js"], project), "");
});

test("its declarations need no others, and catch a consumer's mistake", () => {
  const text = (property: string) =>
    'import { query, v } from "@stopgap/runtime";\n' +
    `export default query(v.object({ id: v.int() }), ({ id }) => id.${property});\n`;

  typeCheck("right.ts", text("toFixed(2)"), "--typeRoots none");
  assert.throws(
    () => {
      typeCheck("wrong.ts", text("length"), "--typeRoots none");
    },
    ({ stdout }: { stdout: string }) => {
      assert.match(stdout, /wrong\.ts\(2,\d+\): error TS2339/);
      return true;
    },
  );
});
