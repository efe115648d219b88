/** Finds what can be called of a module, from its types: nothing is ever run. */

import ts from "typescript";
import { bodyFunction, type Fault, type Source } from "./body.js";
import { isLibraryNode } from "./program.js";
import type { CallableExport, CompiledModule } from "./protocol.js";

/** The callable exports of a source that has no errors. */
export function findExports(
  program: ts.Program,
  source: Source,
): CompiledModule["exports"] {
  if (source.form === "plain") return { default: plainExport(source) };
  const checker = program.getTypeChecker();
  const found: [string, CallableExport][] = [];
  for (const symbol of exportsOf(checker, source.file)) {
    const type = valueType(checker, symbol);
    // A default export is what is called, whatever it turns out to be.
    const isDefault = symbol.name === "default";
    if (type === undefined || (!isDefault && !isCallable(type))) continue;
    found.push([symbol.name, moduleExport(checker, type)]);
  }
  return Object.fromEntries(found);
}

function moduleExport(checker: ts.TypeChecker, type: ts.Type): CallableExport {
  const returned = type.getCallSignatures().map((each) => each.getReturnType());
  return {
    kind: brandedKind(checker, type) ?? "mutation",
    async: returned.some((each) => hasMember(each, "then")),
    generator: returned.some(
      (each) => hasMember(each, "next") && hasMember(each, "throw"),
    ),
  };
}

/** What keeps a module of CREATE FUNCTION from being called, if anything. */
export function callableFault(program: ts.Program, source: Source): Fault | undefined {
  if (!source.mustBeCallable || source.form === "plain") return undefined;
  const type = defaultExportType(program, source.file);
  if (type !== undefined && isCallable(type)) return undefined;
  return {
    code: "PLTS1003",
    message:
      type === undefined
        ? "the module has no default export: that is what is called"
        : "the default export is not a function",
    position: 0,
    phase: "semantic",
  };
}

function isCallable(type: ts.Type): boolean {
  return type.getCallSignatures().length > 0 || (type.flags & ts.TypeFlags.Any) !== 0;
}

function plainExport(source: Source): CallableExport {
  return {
    kind: "mutation",
    plain: true,
    uses_ctx: usesContext(source.file),
    async: (source.variant & 1) !== 0,
    generator: (source.variant & 2) !== 0,
  };
}

/** Whether the body names its first parameter, or `arguments`, anywhere. */
function usesContext(file: ts.SourceFile): boolean {
  const wrapped = bodyFunction(file);
  const context = wrapped?.parameters[0]?.name;
  if (wrapped?.body === undefined || context === undefined) return false;
  const name = ts.isIdentifier(context) ? context.text : undefined;
  const mentions = (node: ts.Node): boolean =>
    (ts.isIdentifier(node) && (node.text === name || node.text === "arguments")) ||
    (ts.forEachChild(node, mentions) ?? false);
  return mentions(wrapped.body);
}

function exportsOf(checker: ts.TypeChecker, file: ts.SourceFile): ts.Symbol[] {
  const module = checker.getSymbolAtLocation(file);
  return module === undefined ? [] : checker.getExportsOfModule(module);
}

function defaultExportType(
  program: ts.Program,
  file: ts.SourceFile,
): ts.Type | undefined {
  const checker = program.getTypeChecker();
  const symbol = exportsOf(checker, file).find(({ name }) => name === "default");
  return symbol === undefined ? undefined : valueType(checker, symbol);
}

/** The type of what a symbol stands for; undefined where that is no value. */
function valueType(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Type | undefined {
  const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  const meant = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
  if ((meant.flags & ts.SymbolFlags.Value) === 0) return undefined;
  return checker.getTypeOfSymbol(meant);
}

/**
 * The kind of a function made by `query` or `mutation`.
 *
 * Only the property that the runtime declares counts: a `kind` of the author's own is not
 * a brand.
 */
function brandedKind(
  checker: ts.TypeChecker,
  type: ts.Type,
): "query" | "mutation" | undefined {
  const property = type.getProperty("kind");
  if (!property?.declarations?.some(isLibraryNode)) return undefined;
  const kind = checker.getTypeOfSymbol(property);
  if (!kind.isStringLiteral()) return undefined;
  return kind.value === "query" || kind.value === "mutation" ? kind.value : undefined;
}

function hasMember(type: ts.Type, name: string): boolean {
  return type.getProperty(name) !== undefined;
}
