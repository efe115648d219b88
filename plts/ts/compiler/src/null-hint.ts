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
  const name = nullableParameter(program, source.file, diagnostic.start, end);
  return name === undefined
    ? ""
    : ` (parameter "${name}" is null when SQL passes NULL: ` +
        `test for null, or declare the function STRICT)`;
}

function nullableParameter(
  program: ts.Program,
  file: ts.SourceFile,
  start: number,
  end: number,
): string | undefined {
  const wrapped = bodyFunction(file);
  if (wrapped === undefined) return undefined;
  const checker = program.getTypeChecker();
  let found: string | undefined;
  const visit = (node: ts.Node): void => {
    if (found !== undefined || node.end <= start || node.getStart(file) >= end) return;
    if (ts.isIdentifier(node)) {
      const declaration = checker.getSymbolAtLocation(node)?.valueDeclaration;
      if (
        declaration !== undefined &&
        ts.isParameter(declaration) &&
        declaration.parent === wrapped &&
        isNullable(declaration)
      ) {
        found = node.text;
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isNullable({ type }: ts.ParameterDeclaration): boolean {
  if (type === undefined || !ts.isUnionTypeNode(type)) return false;
  return type.types.some(
    (member) =>
      ts.isLiteralTypeNode(member) && member.literal.kind === ts.SyntaxKind.NullKeyword,
  );
}
