/** `npm run build`: the runtime package, and the two scripts that snapshots are made of. */

import { execFileSync } from "node:child_process";
import { bundle } from "./bundle.mjs";
import { writeFileSync } from "node:fs";
import { compilerDefinitions, declaredNames, libraryText } from "./library.mjs";
import { compilerEntry, output, realmEntry, root } from "./paths.mjs";

execFileSync(
  process.execPath,
  [
    `${root}node_modules/typescript/bin/tsc`,
    "--project",
    `${root}runtime/tsconfig.json`,
  ],
  { stdio: "inherit" },
);

const realmSize = await bundle({
  entry: realmEntry,
  outfile: `${output}/realm.js`,
  name: "realm",
  // whatwg-url looks for shared buffers, of which there are none.
  define: { SharedArrayBuffer: "ArrayBuffer" },
});
const library = libraryText();
const compilerSize = await bundle({
  entry: compilerEntry,
  outfile: `${output}/compiler.js`,
  name: "compiler",
  // Half of its text, which every backend that compiles has in memory.
  shortNames: true,
  define: compilerDefinitions(library),
});
writeFileSync(`${output}/library.json`, JSON.stringify(declaredNames(library)));
console.log(`build/js/realm.js ${realmSize} bytes`);
console.log(`build/js/compiler.js ${compilerSize} bytes`);
