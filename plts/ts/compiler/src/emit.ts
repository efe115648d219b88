/** Emits the JavaScript of a checked source, its source map and what it imports. */

import ts from "typescript";
import type { Source } from "./body.js";

export interface Emitted {
  compiled_js: string;
  source_map: string;
  imports: string[];
}

/** The output for one source, the same whatever else is in the program. */
export function emit(program: ts.Program, source: Source): Emitted {
  let code = "";
  let map = "";
  const imports = new Set<string>();
  program.emit(
    source.file,
    (name, text) => {
      if (name.endsWith(".map")) map = text;
      else code = text;
    },
    undefined,
    false,
    { after: [() => (file) => collectImports(file, imports)] },
  );
  return {
    compiled_js: code.replace(/\/\/# sourceMappingURL=.*\n?$/, ""),
    source_map: anonymous(map),
    imports: [...imports].sort(),
  };
}

/** The imports that are left once those of types alone are gone. */
function collectImports<Node extends ts.SourceFile>(
  file: Node,
  imports: Set<string>,
): Node {
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier);
    } else if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword
    ) {
      add(node.arguments[0]);
    }
    ts.forEachChild(node, visit);
  };
  const add = (specifier: ts.Expression | undefined): void => {
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) {
      imports.add(specifier.text);
    }
  };
  visit(file);
  return file;
}

/** A source map without the file names of this compilation. */
function anonymous(map: string): string {
  const { mappings, names } = JSON.parse(map) as { mappings: string; names: string[] };
  return JSON.stringify({ version: 3, sources: ["module.ts"], names, mappings });
}
