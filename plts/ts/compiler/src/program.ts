/**
 * Makes programs of sources in memory.
 *
 * The library is parsed and bound once, when the bundle is evaluated, and shared by every
 * program: that is most of what a check would otherwise cost.
 */

import ts from "typescript";
import { checkerOf, type CheckerHost } from "./checker.js";

declare const LIBRARY_TEXT: string;

export const libraryName = "/library.d.ts";

const library = parse(libraryName, LIBRARY_TEXT);

/** Parses a text as a module, whatever it holds. */
export function parse(name: string, text: string): ts.SourceFile {
  return ts.createSourceFile(
    name,
    text,
    {
      languageVersion: ts.ScriptTarget.ES2022,
      setExternalModuleIndicator: (file) => {
        if (!file.isDeclarationFile) forceModule(file);
      },
    },
    true,
  );
}

// The field is TypeScript's own, and not in its declarations.
function forceModule(file: ts.SourceFile): void {
  (file as { externalModuleIndicator?: unknown }).externalModuleIndicator = true;
}

/** One program of the library and these files. */
export function makeProgram(
  files: readonly ts.SourceFile[],
  options: ts.CompilerOptions,
): ts.Program {
  const byName = new Map(files.map((file) => [file.fileName, file]));
  byName.set(libraryName, library);
  const host: CheckerHost = {
    typeChecker: (program) => checkerOf(program, files),
    fileExists: (name) => byName.has(name),
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => "/",
    getDefaultLibFileName: () => libraryName,
    getNewLine: () => "\n",
    getSourceFile: (name) => byName.get(name),
    readFile: (name) => byName.get(name)?.text,
    // `@stopgap/runtime` is declared in the library; there is nothing else to import.
    resolveModuleNameLiterals: (literals) =>
      literals.map(() => ({ resolvedModule: undefined })),
    resolveTypeReferenceDirectiveReferences: (references) =>
      references.map(() => ({ resolvedTypeReferenceDirective: undefined })),
    useCaseSensitiveFileNames: () => true,
    writeFile: () => undefined,
  };
  return ts.createProgram({ rootNames: [...byName.keys()], options, host });
}

/** Whether a declaration is one of the library's, `@stopgap/runtime` included. */
export function isLibraryNode(node: ts.Node): boolean {
  return node.getSourceFile() === library;
}
