/**
 * Explains a forgotten null: a parameter of a function that is not STRICT may be null,
 * which who comes from SQL does not expect of `a + b`.
 */

import ts from "typescript";
import { bodyFunction, type Source } from "./body.js";

// «Possibly null», and type mismatches that a null in the union may be the cause of.
const possiblyNull = new Set([2531, 2533, 18047, 18049]);
const mismatch = new Set([2322, 2345, 2769]);

/** What to add to the message of a diagnostic; usually nothing. */
export function nullHint(
  program: ts.Program,
  source: Source,
  diagnostic: ts.Diagnostic,
  message: string,
): string {
  if (source.form !== "plain" || diagnostic.start === undefined) return "";
  const aboutNull =
    possiblyNull.has(diagnostic.code) ||
    (mismatch.has(diagnostic.code) && message.includes("null"));
  if (!aboutNull) return "";
  const end = diagnostic.start + (diagnostic.length ?? 0);
  const node = nodeAt(source.file, diagnostic.start, end);
  const name = nullableParameter(program, source.file, accused(node));
  return name === undefined
    ? ""
    : ` (parameter "${name}" is null when SQL passes NULL: ` +
        `test for null, or declare the function STRICT)`;
}

/** The smallest node that covers a span. */
function nodeAt(file: ts.SourceFile, start: number, end: number): ts.Node {
  let found: ts.Node = file;
  const visit = (node: ts.Node): void => {
    if (node.getStart(file) > start || node.end < end) return;
    found = node;
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return found;
}

/** Of a mismatch TypeScript accuses the target; the null comes from the other side. */
function accused(node: ts.Node): ts.Node {
  const { parent } = node;
  const isTarget =
    (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) &&
    parent.name === node;
  const isAssigned = ts.isBinaryExpression(parent) && parent.left === node;
  return isTarget || isAssigned ? parent : node;
}

function nullableParameter(
  program: ts.Program,
  file: ts.SourceFile,
  within: ts.Node,
): string | undefined {
  const wrapped = bodyFunction(file);
  if (wrapped === undefined) return undefined;
  const checker = program.getTypeChecker();
  let found: string | undefined;
  const visit = (node: ts.Node): void => {
    if (found !== undefined) return;
    if (ts.isIdentifier(node)) {
      const declaration = checker.getSymbolAtLocation(node)?.valueDeclaration;
      if (
        declaration !== undefined &&
        ts.isParameter(declaration) &&
        declaration.parent === wrapped &&
        mayBeNull(checker.getTypeAtLocation(node))
      ) {
        found = node.text;
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(within);
  return found;
}

function mayBeNull(type: ts.Type): boolean {
  const members = type.isUnion() ? type.types : [type];
  return members.some(({ flags }) => (flags & ts.TypeFlags.Null) !== 0);
}
