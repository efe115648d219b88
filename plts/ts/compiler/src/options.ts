/**
 * The compiler options that may be set: switches, and an import map.
 *
 * Everything else is fixed: what decides the code that is emitted belongs to the runtime,
 * and `strict` to the product.
 */

import ts from "typescript";
import { importMapFault, type ImportMap } from "./import-map.js";

const settable = new Set([
  "allowUnreachableCode",
  "allowUnusedLabels",
  "exactOptionalPropertyTypes",
  "noFallthroughCasesInSwitch",
  "noImplicitOverride",
  "noPropertyAccessFromIndexSignature",
  "noUncheckedIndexedAccess",
  "noUnusedLocals",
  "noUnusedParameters",
]);

const fixed: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  isolatedModules: true,
  strict: true,
  noImplicitReturns: true,
  // The library is a root file of every program instead.
  noLib: true,
  types: [],
  skipLibCheck: true,
  // For the types of data: URLs.
  allowJs: true,
  sourceMap: true,
  removeComments: true,
  newLine: ts.NewLineKind.LineFeed,
};

export class OptionError extends Error {
  readonly hint: string;

  constructor(message: string) {
    super(message);
    this.hint = `Known options: import_map, ${[...settable].join(", ")}.`;
  }
}

export interface Options {
  compiler: ts.CompilerOptions;
  importMap: ImportMap;
}

/** The options of one compilation; throws {@link OptionError}. */
export function readOptions(given: Record<string, unknown>): Options {
  const { import_map: map = {}, ...switches } = given;
  const fault = importMapFault(map);
  if (fault !== "") throw new OptionError(fault);
  const compiler: ts.CompilerOptions = { ...fixed };
  for (const [name, value] of Object.entries(switches)) {
    if (!settable.has(name)) throw new OptionError(`unknown compiler option "${name}"`);
    if (typeof value !== "boolean") {
      throw new OptionError(`compiler option "${name}" must be true or false`);
    }
    compiler[name] = value;
  }
  return { compiler, importMap: new Map(Object.entries(map as object)) };
}
