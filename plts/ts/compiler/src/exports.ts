/** Finds what a module's default export is, from its types: nothing is ever run. */

import ts from "typescript";
import { bodyFunction, type Fault, type Source } from "./body.js";
import { isLibraryNode } from "./program.js";
import type { CompiledModule, DefaultExport } from "./protocol.js";

/** The exports of a source that has no errors. */
export function findExports(
  program: ts.Program,
  source: Source,
): CompiledModule["exports"] {
  if (source.form === "plain") return { default: plainExport(source) };
  const type = defaultExportType(program, source.file);
  if (type === undefined) return {};
  const checker = program.getTypeChecker();
  const returned = type.getCallSignatures().map((each) => each.getReturnType());
  return {
    default: {
      kind: brandedKind(checker, type) ?? "mutation",
      async: returned.some((each) => hasMember(each, "then")),
      generator: returned.some(
        (each) => hasMember(each, "next") && hasMember(each, "throw"),
      ),
    },
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

function plainExport(source: Source): DefaultExport {
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

function defaultExportType(
  program: ts.Program,
  file: ts.SourceFile,
): ts.Type | undefined {
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(file);
  let symbol = module?.exports?.get(ts.InternalSymbolName.Default);
  if (symbol === undefined) return undefined;
  if ((symbol.flags & ts.SymbolFlags.Alias) !== 0) {
    symbol = checker.getAliasedSymbol(symbol);
  }
  if ((symbol.flags & ts.SymbolFlags.Value) === 0) return undefined;
  return checker.getTypeOfSymbol(symbol);
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
