/** `npm test`: bundles the tests, which are TypeScript, and runs them with `node --test`. */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { build } from "esbuild";
import { output, root } from "./paths.mjs";

if (!existsSync(`${output}/compiler.js`)) {
  console.error("build first: npm run build");
  process.exit(1);
}

const folders = ["runtime/test", "plts/ts/test"];
const entryPoints = folders.flatMap((folder) =>
  readdirSync(`${root}${folder}`)
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `${root}${folder}/${name}`),
);
const outdir = `${output}/test`;
rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints,
  outdir,
  entryNames: "[name]",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  packages: "external",
  format: "esm",
  platform: "node",
  target: "node18",
  sourcemap: "inline",
  logLevel: "warning",
  define: { REPOSITORY: JSON.stringify(root) },
});
const files = readdirSync(outdir).map((name) => `${outdir}/${name}`);
const { status } = spawnSync(
  process.execPath,
  ["--enable-source-maps", "--test", ...files],
  { cwd: root, stdio: "inherit" },
);
process.exit(status ?? 1);
