/** Collects what is wrong with a source, in the coordinates of the text as given. */

import ts from "typescript";
import { bodyFunction, type Source } from "./body.js";
import { nullHint } from "./null-hint.js";
import { placeOf } from "./position.js";
import type { Diagnostic, Phase } from "./protocol.js";

// Said of a function that ends without a value; TypeScript points at its return type.
const missingReturn = new Set([2355, 2366, 7030]);

/** Everything wrong with a source: its syntax first, and only that if there is any. */
export function diagnose(program: ts.Program, source: Source): Diagnostic[] {
  const { file, fault } = source;
  if (fault !== undefined && fault.phase === "semantic") return [ours(source, fault)];
  const found = program.getSyntacticDiagnostics(file);
  // What follows a body that ends too early is noise; what goes before may be the cause.
  const relevant =
    fault === undefined ? found : found.filter(({ start }) => start < fault.position);
  if (relevant.length > 0) {
    return relevant.map((each) => theirs(program, source, each, "syntax"));
  }
  if (fault !== undefined) return [ours(source, fault)];
  const declaration = globalDeclaration(file);
  if (declaration !== undefined) return [ours(source, declaration)];
  return program
    .getSemanticDiagnostics(file)
    .map((each) => theirs(program, source, each, "semantic"));
}

/** A diagnostic of our own, at a position in the module. */
export function ours(
  source: Source,
  fault: { code: string; message: string; position: number; phase: Phase },
): Diagnostic {
  return {
    severity: "error",
    code: fault.code,
    message: fault.message,
    ...place(source, fault.position),
    phase: fault.phase,
    source: source.index,
  };
}

function theirs(
  program: ts.Program,
  source: Source,
  diagnostic: ts.Diagnostic,
  phase: Phase,
): Diagnostic {
  const { code, message } = missing(source.file, diagnostic) ?? {
    code: diagnostic.code,
    message: ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"),
  };
  const hint =
    phase === "semantic" ? nullHint(program, source, diagnostic, message) : "";
  return ours(source, {
    code: `TS${code}`,
    // Some messages name the file, for types that are whole modules.
    message: message.replace(/\/source-\d+/g, "/module") + hint,
    position: pointedAt(source, diagnostic),
    phase,
  });
}

// Variants of «cannot find», which go on to advise npm packages and compiler options.
const adviceOnNames = new Set([2580, 2581, 2582, 2583, 2584, 2591, 2592, 2593, 2882]);

/** Says what is missing, and leaves out advice that cannot be followed here. */
function missing(
  file: ts.SourceFile,
  { code, start = 0, length = 0 }: ts.Diagnostic,
): { code: number; message: string } | undefined {
  if (!adviceOnNames.has(code)) return undefined;
  const name = file.text.slice(start, start + length);
  return /^["'`]/.test(name)
    ? {
        code: 2307,
        message: `Cannot find module ${name} or its corresponding type declarations.`,
      }
    : { code: 2304, message: `Cannot find name '${name}'.` };
}

function pointedAt(source: Source, diagnostic: ts.Diagnostic): number {
  const start = diagnostic.start ?? 0;
  if (
    source.offset > 0 &&
    start < source.offset &&
    missingReturn.has(diagnostic.code)
  ) {
    // The header is not the author's: the end of the body is where the value is missing.
    return source.offset + source.given.trimEnd().length;
  }
  return start;
}

function place(source: Source, position: number): ReturnType<typeof placeOf> {
  const offset = Math.max(0, Math.min(position - source.offset, source.given.length));
  return placeOf(source.given, offset);
}

/**
 * `declare global` and module augmentation would change what other sources of the same
 * program see, and so make the outcome depend on what is compiled beside it.
 */
function globalDeclaration(
  file: ts.SourceFile,
): { code: string; message: string; position: number; phase: Phase } | undefined {
  const found = file.statements.find(
    (statement) =>
      ts.isModuleDeclaration(statement) &&
      (ts.isStringLiteral(statement.name) ||
        (statement.flags & ts.NodeFlags.GlobalAugmentation) !== 0),
  );
  if (found === undefined || bodyFunction(file) !== undefined) return undefined;
  return {
    code: "PLTS1002",
    message: "a module cannot declare globals or other modules",
    position: found.getStart(file),
    phase: "semantic",
  };
}
