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
    false,
  );
}

// The field is TypeScript's own, and not in its declarations. A module in JavaScript whose
// indicator is no node is taken for CommonJS, whose default export is the whole module.
function forceModule(file: ts.SourceFile): void {
  (file as { externalModuleIndicator?: unknown }).externalModuleIndicator =
    file.fileName.endsWith(".js") ? file : true;
}

/** One program of the library and these files; `resolve` says what they import. */
export function makeProgram(
  files: readonly ts.SourceFile[],
  options: ts.CompilerOptions,
  resolve: (containing: string, specifier: string) => string | undefined,
): ts.Program {
  const byName = new Map(files.map((file) => [file.fileName, file]));
  byName.set(libraryName, library);
  const resolved = (
    containing: string,
    specifier: string,
  ): ts.ResolvedModuleFull | undefined => {
    const name = resolve(containing, specifier);
    if (name === undefined) return undefined;
    const extension = name.endsWith(".js") ? ts.Extension.Js : ts.Extension.Ts;
    return { resolvedFileName: name, extension, isExternalLibraryImport: false };
  };
  const host: CheckerHost = {
    typeChecker: (program) => checkerOf(program, files),
    fileExists: (name) => byName.has(name),
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => "/",
    getDefaultLibFileName: () => libraryName,
    getNewLine: () => "\n",
    getSourceFile: (name) => byName.get(name),
    readFile: (name) => byName.get(name)?.text,
    // `@stopgap/runtime` is not among them: the library declares it.
    resolveModuleNameLiterals: (literals, containing) =>
      literals.map(({ text }) => ({ resolvedModule: resolved(containing, text) })),
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
