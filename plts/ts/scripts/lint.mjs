/** `npm run lint`: types of every TypeScript file, and the format of all. */

import { spawnSync } from "node:child_process";
import { root } from "./paths.mjs";

const projects = ["runtime", "runtime/test", "plts/ts/realm", "plts/ts/compiler"];
projects.push("plts/ts/test");

const commands = projects.map((project) => [
  "node_modules/typescript/bin/tsc",
  "--noEmit",
  "--project",
  `${project}/tsconfig.json`,
]);
commands.push([
  "node_modules/prettier/bin/prettier.cjs",
  "--check",
  "--log-level",
  "warn",
  "runtime",
  "plts/ts",
  "tests/plts/programs",
  "package.json",
  "tsconfig.base.json",
]);

for (const command of commands) {
  const { status } = spawnSync(process.execPath, command, {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
