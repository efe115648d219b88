/**
 * The compiler options that may be set, all of them switches.
 *
 * Everything else is fixed: what decides the code that is emitted belongs to the runtime,
 * and `strict` to the product.
 */

import ts from "typescript";

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
  sourceMap: true,
  removeComments: true,
  newLine: ts.NewLineKind.LineFeed,
};

export class OptionError extends Error {
  readonly hint: string;

  constructor(message: string) {
    super(message);
    this.hint = `Known options: ${[...settable].join(", ")}.`;
  }
}

/** The options of one compilation; throws {@link OptionError}. */
export function readOptions(given: Record<string, unknown>): ts.CompilerOptions {
  const options: ts.CompilerOptions = { ...fixed };
  for (const [name, value] of Object.entries(given)) {
    if (!settable.has(name)) throw new OptionError(`unknown compiler option "${name}"`);
    if (typeof value !== "boolean") {
      throw new OptionError(`compiler option "${name}" must be true or false`);
    }
    options[name] = value;
  }
  return options;
}
