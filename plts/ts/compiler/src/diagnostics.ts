/** Collects what is wrong with a source, in the coordinates of the text as given. */

import ts from "typescript";
import { bodyFunction, type Source } from "./body.js";
import type { ImportFault } from "./modules.js";
import { nullHint } from "./null-hint.js";
import { placeOf } from "./position.js";
import { whyAbsent, whyNoMember } from "./absent.js";
import type { Diagnostic, Phase } from "./protocol.js";

// Said of a function that ends without a value; TypeScript points at its return type.
const missingReturn = new Set([2355, 2366, 7030]);

/**
 * Everything wrong with a source, its imports' faults included: its syntax first, and only
 * that if there is any.
 */
export function diagnose(
  program: ts.Program,
  source: Source,
  imports: readonly ImportFault[],
): Diagnostic[] {
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
  const said = program
    .getSemanticDiagnostics(file)
    .filter((each) => !isSaidOf(imports, each))
    .map((each) => theirs(program, source, each, "semantic"));
  if (imports.length === 0) return said;
  return [...imports.map((each) => ours(source, each)), ...said].sort(
    (one, other) => one.position - other.position,
  );
}

/** Whether TypeScript says of an import what is said better already. */
function isSaidOf(
  imports: readonly ImportFault[],
  { code, start }: ts.Diagnostic,
): boolean {
  return (
    noModule.has(code) &&
    imports.some(({ position, replaces }) => replaces && position === start)
  );
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
    message: withoutFileNames(
      ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"),
    ),
  };
  const hint = phase === "semantic" ? hintOf(program, source, diagnostic, message) : "";
  return ours(source, {
    code: `TS${code}`,
    // Some messages name the file, for types that are whole modules.
    message: message.replace(/\/source-\d+/g, "/module") + hint,
    position: pointedAt(source, diagnostic),
    phase,
  });
}

/** What is said after a message, with a space before it. */
function hintOf(
  program: ts.Program,
  source: Source,
  diagnostic: ts.Diagnostic,
  message: string,
): string {
  const why = whyNoMember(message);
  return why === undefined ? nullHint(program, source, diagnostic, message) : ` ${why}`;
}

/** A message in which imported modules have the names that people know them by. */
function withoutFileNames(message: string): string {
  return message
    .replace(
      /"\/sha256-([0-9a-f]{12})[0-9a-f]{52}(?:\.ts)?"/g,
      '"plts+artifact:sha256:$1…"',
    )
    .replace(/"\/data-\d+(?:\.[jt]s)?"/g, '"data:…"');
}

// Variants of «cannot find module»; of an import for its effects, «cannot find type».
const noModule = new Set([2307, 2591, 2792, 2882]);

// Variants of «cannot find name», which go on to advise npm packages and compiler options,
// or a name that looks alike.
const noName = new Set([
  2304, 2552, 2580, 2581, 2582, 2583, 2584, 2591, 2592, 2593, 2868,
]);

/** Says what is missing, and why; leaves out advice that cannot be followed here. */
function missing(
  file: ts.SourceFile,
  { code, start = 0, length = 0 }: ts.Diagnostic,
): { code: number; message: string } | undefined {
  if (!noName.has(code)) return undefined;
  const name = file.text.slice(start, start + length);
  const why = whyAbsent(name);
  if (code === 2552 && why === undefined) return undefined;
  const message = `Cannot find name '${name}'.`;
  return { code: 2304, message: why === undefined ? message : `${message} ${why}` };
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
