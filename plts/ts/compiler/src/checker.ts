/**
 * Shares one type checker among programs.
 *
 * A new checker resolves the library's types again, which is most of what checking a
 * small source takes. Sources are modules, which add nothing to the global scope, so
 * what one leaves in the checker is invisible to the next. It costs memory, though: the
 * checker is replaced after some sources, and after whatever may have left it half way.
 */

import ts from "typescript";

/** A compiler host that offers a checker; the bundler makes TypeScript ask for it. */
export interface CheckerHost extends ts.CompilerHost {
  typeChecker(program: ts.Program): ts.TypeChecker;
}

// What TypeScript has, and does not declare.
const internals = ts as unknown as {
  createTypeChecker(host: ts.Program): ts.TypeChecker;
  bindSourceFile(file: ts.SourceFile, options: ts.CompilerOptions): void;
};

const sourcesPerChecker = 200;
const charactersPerChecker = 128 * 1024;

interface Shared {
  checker: ts.TypeChecker;
  /** The options that it was made with: it obeys them for good. */
  options: string;
  sources: number;
  characters: number;
  /** The program that it works for now; it asks this for what it has to know of files. */
  program: ts.Program;
}

let shared: Shared | undefined;
let busy = false;

/** Runs `body`, during which {@link checkerOf} may be asked. */
export function withSharedChecker<Result>(body: () => Result): Result {
  // Still set where the last use was ended from outside, past every `finally`.
  if (busy) shared = undefined;
  busy = true;
  const result = body();
  busy = false;
  return result;
}

/** Says that TypeScript failed: what it left behind cannot be relied on. */
export function dropSharedChecker(): void {
  shared = undefined;
}

/** The checker for a program of `files` and what the library is. */
export function checkerOf(
  program: ts.Program,
  files: readonly ts.SourceFile[],
): ts.TypeChecker {
  const options = JSON.stringify(program.getCompilerOptions());
  const characters = files.reduce((sum, { text }) => sum + text.length, 0);
  if (
    shared === undefined ||
    shared.options !== options ||
    shared.sources + files.length > sourcesPerChecker ||
    shared.characters + characters > charactersPerChecker
  ) {
    shared = makeShared(program, options);
  }
  shared.program = program;
  shared.sources += files.length;
  shared.characters += characters;
  for (const file of files) {
    internals.bindSourceFile(file, program.getCompilerOptions());
  }
  return shared.checker;
}

function makeShared(program: ts.Program, options: string): Shared {
  const made = { options, sources: 0, characters: 0, program } as Shared;
  const current = new Proxy(program, {
    get: (_, name) => Reflect.get(made.program, name) as unknown,
  });
  made.checker = internals.createTypeChecker(current);
  return made;
}
