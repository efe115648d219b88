/** Where things are, for the build and the tests. */

import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../..", import.meta.url));
export const typescriptLib = `${root}node_modules/typescript/lib`;
export const realmEntry = `${root}plts/ts/realm/src/main.ts`;
export const compilerEntry = `${root}plts/ts/compiler/src/main.ts`;
export const ambientTypes = `${root}plts/ts/compiler/library/ambient.d.ts`;
export const runtimeSource = `${root}runtime/src`;
export const runtimeDist = `${root}runtime/dist`;
export const output = `${root}build/js`;
