/** Makes one script of many modules; its completion value is one of their exports. */

import { build } from "esbuild";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { runtimeSource } from "./paths.mjs";
import { sharedChecker } from "./shared-checker.mjs";
import { urlParts } from "./url-parts.mjs";

/**
 * Bundles `entry` into the script `outfile`, which evaluates to the export `name`.
 *
 * Plain ASCII, so that V8 keeps one byte a character in the snapshot. Names are kept, as
 * what functions are called is seen by who uses them, unless `shortNames` is set.
 */
export async function bundle({
  entry,
  outfile,
  name,
  define = {},
  shortNames = false,
}) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2022",
    charset: "ascii",
    legalComments: "none",
    minifySyntax: true,
    minifyWhitespace: true,
    minifyIdentifiers: shortNames,
    logLevel: "warning",
    alias: { "@stopgap/runtime": `${runtimeSource}/index.ts` },
    define,
    plugins: [sharedChecker, urlParts],
    // TypeScript asks for these only where it finds itself inside Node.
    external: ["fs", "inspector", "os", "path"],
    treeShaking: true,
  });
  const code = result.outputFiles[0].text;
  const script =
    `(() => {\n"use strict";\nconst module = { exports: {} };\n` +
    `${code}\nreturn module.exports.${name};\n})()\n`;
  mkdirSync(dirname(outfile), { recursive: true });
  writeFileSync(outfile, script);
  return script.length;
}
