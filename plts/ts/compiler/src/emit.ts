/** Emits the JavaScript of a checked source, its source map and what it imports. */

import ts from "typescript";
import type { Source } from "./body.js";
import { isDynamicImport } from "./imports.js";

export interface Emitted {
  compiled_js: string;
  source_map: string;
  /** The specifiers that are left, as they were written. */
  specifiers: Set<string>;
}

/** The output for one source, the same whatever else is in the program. */
export function emit(program: ts.Program, source: Source): Emitted {
  let code = "";
  let map = "";
  const specifiers = new Set<string>();
  program.emit(
    source.file,
    (name, text) => {
      if (name.endsWith(".map")) map = text;
      else code = text;
    },
    undefined,
    false,
    { after: [(context) => (file) => settleImports(file, context, specifiers)] },
  );
  return {
    compiled_js: code.replace(/\/\/# sourceMappingURL=.*\n?$/, ""),
    source_map: anonymous(map),
    specifiers,
  };
}

/**
 * Collects the imports that are left once those of types alone are gone, and takes away
 * their attributes: V8 10.2 does not know the syntax, and they have been checked.
 */
function settleImports(
  file: ts.SourceFile,
  context: ts.TransformationContext,
  specifiers: Set<string>,
): ts.SourceFile {
  const { factory } = context;
  const add = (specifier: ts.Expression | undefined): void => {
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) {
      specifiers.add(specifier.text);
    }
  };
  const visit = (node: ts.Node): ts.Node => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier);
      const { modifiers, importClause, moduleSpecifier } = node;
      return factory.updateImportDeclaration(
        node,
        modifiers,
        importClause,
        moduleSpecifier,
        undefined,
      );
    }
    if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier);
      const { modifiers, isTypeOnly, exportClause, moduleSpecifier } = node;
      return factory.updateExportDeclaration(
        node,
        modifiers,
        isTypeOnly,
        exportClause,
        moduleSpecifier,
        undefined,
      );
    }
    if (isDynamicImport(node)) {
      const [specifier] = node.arguments;
      add(specifier);
      if (specifier === undefined) return node;
      return factory.updateCallExpression(node, node.expression, undefined, [
        specifier,
      ]);
    }
    return ts.visitEachChild(node, visit, context);
  };
  if (!file.text.includes("import") && !file.text.includes("export")) return file;
  return ts.visitEachChild(file, visit, context);
}

/** A source map without the file names of this compilation. */
function anonymous(map: string): string {
  const { mappings, names } = JSON.parse(map) as { mappings: string; names: string[] };
  return JSON.stringify({ version: 3, sources: ["module.ts"], names, mappings });
}
