/**
 * Decides what a text is, a module or a plain body, and wraps a plain body.
 *
 * Decided on the parsed tree: no text of a comment or string can pass for an `export`.
 */

import ts from "typescript";
import type { SourceRequest } from "./protocol.js";
import { parse } from "./program.js";

/** What every wrapped plain body begins with; the headers that C++ makes do so too. */
const wrappedMark = "/* plts:body */ export default ";

/** A source, ready to be compiled. */
export interface Source {
  /** One-based. */
  index: number;
  given: string;
  /** The module: the text as given, or wrapped. */
  file: ts.SourceFile;
  form: "module" | "plain";
  variant: number;
  /** Where the given text begins in the module. */
  offset: number;
  /** What is wrong with it beside what TypeScript says. */
  fault: Fault | undefined;
  /** Made by CREATE FUNCTION: it must have something to call. */
  mustBeCallable: boolean;
}

/** A mistake that TypeScript does not know; its position is in the module's text. */
export interface Fault {
  code: string;
  message: string;
  position: number;
  phase: "syntax" | "semantic";
}

const Variant = { async: 1, generator: 2 } as const;

// The checker that programs share keeps what it says of a file by the file's name.
let names = 0;
const newName = (): string => `/source-${++names}.ts`;

/** Reads one source of a request. */
export function readSource(request: SourceRequest, index: number): Source {
  const { text, plain } = request;
  const name = newName();
  const given = {
    index,
    given: text,
    variant: 0,
    offset: 0,
    fault: undefined,
    mustBeCallable: plain !== null,
  };
  if (plain === null || text.startsWith(wrappedMark) || mayBe(text, moduleWords)) {
    const source: Source = { ...given, file: parse(name, text), form: "module" };
    if (text.startsWith(wrappedMark)) {
      const wrapped = bodyFunction(source.file);
      if (wrapped !== undefined) {
        source.form = "plain";
        source.variant = declaredVariant(wrapped);
      }
      return source;
    }
    if (plain === null || source.file.statements.some(isImportOrExport)) return source;
  }
  const wrap = (variant: number): ts.SourceFile =>
    parse(name, (plain.headers[variant] ?? "") + text + plain.footer);
  const mostGeneral = Variant.async | Variant.generator;
  let file = wrap(mayBe(text, variantWords) ? mostGeneral : 0);
  const variant = neededVariant(file);
  if (mayBe(text, variantWords) && variant !== mostGeneral) file = wrap(variant);
  const offset = plain.headers[variant]?.length ?? 0;
  const fault = breakout(file, offset + text.length) ?? lonelyFunction(file);
  return { ...given, form: "plain", file, variant, offset, fault };
}

// Keywords cannot be written with escapes: a text without them has no such statement,
// and need not be parsed to see it.
const moduleWords = ["import", "export"];
const variantWords = ["await", "yield"];

function mayBe(text: string, words: readonly string[]): boolean {
  return words.some((word) => text.includes(word));
}

/** The function that a wrapped plain body is, if the module is that and nothing else. */
export function bodyFunction(file: ts.SourceFile): ts.FunctionDeclaration | undefined {
  const [only, ...others] = file.statements;
  if (only === undefined || others.length > 0) return undefined;
  if (!ts.isFunctionDeclaration(only) || only.body === undefined) return undefined;
  return only;
}

function isImportOrExport(statement: ts.Statement): boolean {
  if (
    ts.isImportDeclaration(statement) ||
    ts.isImportEqualsDeclaration(statement) ||
    ts.isExportDeclaration(statement) ||
    ts.isExportAssignment(statement)
  ) {
    return true;
  }
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement)?.some(isExportKeyword) ?? false)
  );
}

function isExportKeyword(modifier: ts.Modifier): boolean {
  return modifier.kind === ts.SyntaxKind.ExportKeyword;
}

function declaredVariant(declaration: ts.FunctionDeclaration): number {
  const isAsync = ts
    .getModifiers(declaration)
    ?.some((modifier) => modifier.kind === ts.SyntaxKind.AsyncKeyword);
  const isGenerator = declaration.asteriskToken !== undefined;
  return (isAsync === true ? Variant.async : 0) | (isGenerator ? Variant.generator : 0);
}

/** What the body's own `await` and `yield`, outside functions within, make of it. */
function neededVariant(file: ts.SourceFile): number {
  let variant = 0;
  const visit = (node: ts.Node): void => {
    if (ts.isAwaitExpression(node)) variant |= Variant.async;
    if (ts.isYieldExpression(node)) variant |= Variant.generator;
    if (ts.isForOfStatement(node) && node.awaitModifier !== undefined) {
      variant |= Variant.async;
    }
    if (ts.isVariableDeclarationList(node) && isAwaitUsing(node)) {
      variant |= Variant.async;
    }
    if (ts.isFunctionLike(node)) {
      // A computed name is evaluated outside the function that bears it.
      if (node.name !== undefined && ts.isComputedPropertyName(node.name))
        visit(node.name);
      return;
    }
    if (ts.isPropertyDeclaration(node)) {
      if (ts.isComputedPropertyName(node.name)) visit(node.name);
      return;
    }
    if (ts.isClassStaticBlockDeclaration(node)) return;
    ts.forEachChild(node, visit);
  };
  for (const statement of file.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.body !== undefined) {
      ts.forEachChild(statement.body, visit);
    }
  }
  return variant;
}

function isAwaitUsing(list: ts.VariableDeclarationList): boolean {
  return (list.flags & ts.NodeFlags.BlockScoped) === ts.NodeFlags.AwaitUsing;
}

/** A body that closes its own function to get out of it is refused at that brace. */
function breakout(file: ts.SourceFile, end: number): Fault | undefined {
  const [first] = file.statements;
  const body =
    first !== undefined && ts.isFunctionDeclaration(first) ? first.body : undefined;
  const closed = body !== undefined && isClosed(body, file);
  // A body that swallows its footer, in a comment say, is a syntax error of its own.
  if (bodyFunction(file) !== undefined && !(closed && body.end <= end))
    return undefined;
  return {
    code: "TS1128",
    message: "Declaration or statement expected.",
    position: Math.max(0, Math.min(body?.end ?? end, end) - 1),
    phase: "syntax",
  };
}

/** Whether a block has its closing brace. */
function isClosed(block: ts.Block, file: ts.SourceFile): boolean {
  const children = block.getChildren(file);
  return children[children.length - 1]?.kind === ts.SyntaxKind.CloseBraceToken;
}

/** A body that is nothing but a function would do nothing when it is called. */
function lonelyFunction(file: ts.SourceFile): Fault | undefined {
  const statements = bodyFunction(file)?.body?.statements.filter(
    (each) => !ts.isEmptyStatement(each),
  );
  const [only, ...others] = statements ?? [];
  if (only === undefined || others.length > 0) return undefined;
  let expression: ts.Node = ts.isExpressionStatement(only) ? only.expression : only;
  while (ts.isParenthesizedExpression(expression)) expression = expression.expression;
  if (
    !ts.isArrowFunction(expression) &&
    !ts.isFunctionExpression(expression) &&
    !ts.isFunctionDeclaration(expression)
  ) {
    return undefined;
  }
  return {
    code: "PLTS1001",
    message:
      'the body is only a function, which is never called: put "export default" ' +
      "before it, or write the statements of its body alone",
    position: only.getStart(file),
    phase: "semantic",
  };
}
