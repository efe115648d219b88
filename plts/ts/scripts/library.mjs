/**
 * Makes the one declaration file that the compiler in the database knows.
 *
 * Every file of a program costs time in every check, and TypeScript's own library is some
 * ninety of them: here they are one, with ours and `@stopgap/runtime` added.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { ambientTypes, root, runtimeDist, typescriptLib } from "./paths.mjs";

/** What V8 10.2 does not have, or the realm takes away. */
const leftOut = new Set([
  "es2017.sharedmemory",
  "es2020.sharedmemory",
  "es2023.collection", // symbols as WeakMap keys
  "es2023.intl", // NumberFormat v3
  "decorators.legacy",
]);

/** Values for the compiler bundle's compile-time constants. */
export function compilerDefinitions(text) {
  const hash = createHash("sha256").update(text);
  for (const folder of ["compiler/src", "shared"]) {
    const sources = `${root}plts/ts/${folder}`;
    for (const name of readdirSync(sources).sort()) {
      hash.update(readFileSync(`${sources}/${name}`));
    }
  }
  const fingerprint = `typescript ${ts.version}; plts ${hash.digest("hex").slice(0, 16)}`;
  return {
    LIBRARY_TEXT: JSON.stringify(text),
    FINGERPRINT: JSON.stringify(fingerprint),
  };
}

/** All ambient declarations as one file. */
export function libraryText() {
  const parts = [];
  collectLibrary("es2023", new Set(), parts);
  parts.push(print(readFileSync(ambientTypes, "utf8")));
  parts.push(runtimeModule());
  return parts.join("");
}

function collectLibrary(name, seen, parts) {
  if (seen.has(name) || leftOut.has(name)) return;
  seen.add(name);
  const text = readFileSync(`${typescriptLib}/lib.${name}.d.ts`, "utf8");
  for (const [, reference] of text.matchAll(/^\/\/\/ <reference lib="(.*)" \/>/gm)) {
    collectLibrary(reference, seen, parts);
  }
  parts.push(print(text));
}

const printer = ts.createPrinter({
  removeComments: true,
  newLine: ts.NewLineKind.LineFeed,
});

function parse(text) {
  return ts.createSourceFile("library.d.ts", text, ts.ScriptTarget.ES2022, true);
}

function print(text) {
  return printer.printFile(withoutLastMatch(parse(text)));
}

/** A library without `RegExp.$1` and its like, which the realm takes away. */
function withoutLastMatch(file) {
  const statements = file.statements.map((statement) => {
    if (!ts.isInterfaceDeclaration(statement)) return statement;
    if (statement.name.text !== "RegExpConstructor") return statement;
    const { modifiers, name, typeParameters, heritageClauses, members } = statement;
    return ts.factory.updateInterfaceDeclaration(
      statement,
      modifiers,
      name,
      typeParameters,
      heritageClauses,
      members.filter((member) => !ofLastMatch(member)),
    );
  });
  return ts.factory.updateSourceFile(file, statements);
}

/** The library gives names in quotes to nothing else but the prototype. */
function ofLastMatch({ name }) {
  return name !== undefined && ts.isStringLiteral(name) && name.text !== "prototype";
}

/** The declarations of the runtime package as one ambient module. */
function runtimeModule() {
  const statements = [];
  const exported = [];
  const files = readdirSync(runtimeDist).filter((name) => name.endsWith(".d.ts"));
  for (const name of files.sort()) {
    const file = parse(readFileSync(`${runtimeDist}/${name}`, "utf8"));
    for (const statement of file.statements) {
      if (ts.isImportDeclaration(statement)) continue;
      if (!ts.isExportDeclaration(statement)) {
        statements.push(
          printer.printNode(ts.EmitHint.Unspecified, bare(statement), file),
        );
      } else if (name === "index.d.ts") {
        for (const { name } of statement.exportClause.elements)
          exported.push(name.text);
      }
    }
  }
  return (
    `declare module "@stopgap/runtime" {\n${statements.join("\n")}\n` +
    `export { ${exported.sort().join(", ")} };\n}\n`
  );
}

/** A statement without `export` and `declare`: the module's list says what is exported. */
function bare(statement) {
  const modifiers = statement.modifiers?.filter(
    ({ kind }) =>
      kind !== ts.SyntaxKind.ExportKeyword && kind !== ts.SyntaxKind.DeclareKeyword,
  );
  return ts.factory.replaceModifiers(statement, modifiers);
}

/**
 * The names of what the library declares: global values under "", and the members of each,
 * by path. Tests compare them with what exists in a realm.
 */
export function declaredNames(text) {
  const name = "/library.d.ts";
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  const host = {
    fileExists: () => false,
    getCanonicalFileName: (each) => each,
    getCurrentDirectory: () => "/",
    getDefaultLibFileName: () => name,
    getNewLine: () => "\n",
    getSourceFile: (each) => (each === name ? file : undefined),
    readFile: () => undefined,
    useCaseSensitiveFileNames: () => true,
    writeFile: () => undefined,
  };
  const options = { noLib: true, types: [], target: ts.ScriptTarget.ES2022 };
  const program = ts.createProgram({ rootNames: [name], options, host });
  const checker = program.getTypeChecker();
  const found = {};
  const visit = (path, symbols) => {
    const values = symbols.filter(
      ({ flags, escapedName }) =>
        flags & ts.SymbolFlags.Value && !/^(?:__|")/.test(String(escapedName)),
    );
    found[path] = values.map((symbol) => symbol.name).sort();
    for (const symbol of values) {
      const type = checker.getTypeOfSymbolAtLocation(symbol, file);
      const inner = path === "" ? symbol.name : `${path}.${symbol.name}`;
      const isObject = (type.flags & ts.TypeFlags.Object) !== 0;
      if (isObject && (path === "" || path === "Intl")) {
        visit(inner, type.getProperties());
      } else if (isObject && symbol.name === "prototype") {
        visit(inner, type.getProperties());
      }
    }
  };
  const scope = checker.getSymbolsInScope(file, ts.SymbolFlags.Value);
  visit(
    "",
    scope.filter(({ name }) => name !== "undefined"),
  );
  return found;
}
