/** Compiles the sources of one request as one program. */

import ts from "typescript";
import { readSource, type Source } from "./body.js";
import { dropSharedChecker, withSharedChecker } from "./checker.js";
import { diagnose, ours } from "./diagnostics.js";
import { emit } from "./emit.js";
import { callableFault, findExports } from "./exports.js";
import { OptionError, readOptions } from "./options.js";
import { makeProgram } from "./program.js";
import type {
  CompiledModule,
  CompileRequest,
  CompileResponse,
  Diagnostic,
} from "./protocol.js";

/** Compiles; every failure, TypeScript's own included, is in the response. */
export function compile(request: CompileRequest): CompileResponse {
  let options: ts.CompilerOptions;
  try {
    options = readOptions(request.options ?? {});
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    return {
      modules: [],
      diagnostics: [],
      error: { message: error.message, hint: error.hint },
    };
  }
  const response: CompileResponse = { modules: [], diagnostics: [] };
  for (let start = 0; start < request.sources.length; start += sourcesPerProgram) {
    withSharedChecker(() => {
      compileSome(request, start, options, response);
    });
  }
  return response;
}

/**
 * Sources see nothing of each other, so many are compiled in several programs: what
 * TypeScript keeps of each, up to a tenth of a megabyte, would not fit the heap limit.
 */
const sourcesPerProgram = 200;

function compileSome(
  request: CompileRequest,
  start: number,
  options: ts.CompilerOptions,
  response: CompileResponse,
): void {
  const requests = request.sources.slice(start, start + sourcesPerProgram);
  const sources = requests.map((each, i) => {
    const index = start + i + 1;
    return guarded(index, () => readSource(each, index));
  });
  const readable = sources.flatMap(({ value }) => (value === undefined ? [] : [value]));
  const program = makeProgram(
    readable.map(({ file }) => file),
    options,
  );
  const emits = request.emit !== false;
  sources.forEach(({ value: source, crash }, i) => {
    const text = requests[i]?.text ?? "";
    const compiled =
      source === undefined
        ? { value: undefined, crash }
        : guarded(start + i + 1, () => compileOne(program, source, emits));
    response.modules.push(compiled.value?.module ?? failed(text));
    response.diagnostics.push(...(compiled.value?.diagnostics ?? compiled.crash));
  });
}

function compileOne(
  program: ts.Program,
  source: Source,
  emits: boolean,
): { module: CompiledModule; diagnostics: Diagnostic[] } {
  const module: CompiledModule = {
    source_ts: source.file.text,
    form: source.form,
    variant: source.variant,
    compiled_js: null,
    source_map: null,
    exports: {},
    imports: [],
  };
  const diagnostics = diagnose(program, source);
  if (diagnostics.length === 0) {
    const fault = callableFault(program, source);
    if (fault !== undefined) diagnostics.push(ours(source, fault));
  }
  if (diagnostics.length === 0) {
    module.exports = findExports(program, source);
    if (emits) Object.assign(module, emit(program, source));
  }
  return { module, diagnostics };
}

function failed(text: string): CompiledModule {
  return {
    source_ts: text,
    form: "module",
    variant: 0,
    compiled_js: null,
    source_map: null,
    exports: {},
    imports: [],
  };
}

/** Runs a step; where TypeScript itself fails, that is a diagnostic of the source. */
function guarded<Result>(
  index: number,
  step: () => Result,
): { value: Result; crash: [] } | { value: undefined; crash: [Diagnostic] } {
  try {
    return { value: step(), crash: [] };
  } catch (error) {
    dropSharedChecker();
    return { value: undefined, crash: [crashed(index, error)] };
  }
}

function crashed(index: number, error: unknown): Diagnostic {
  const tooDeep = error instanceof RangeError;
  return {
    severity: "error",
    code: "PLTS1000",
    message: tooDeep
      ? "the source is nested too deeply for the TypeScript compiler"
      : `the TypeScript compiler failed: ${String(error)}`,
    line: 1,
    column: 1,
    position: 1,
    phase: "semantic",
    source: index,
  };
}
