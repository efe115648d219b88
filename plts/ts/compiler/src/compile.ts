/** Compiles the sources of one request as one program. */

import type ts from "typescript";
import { readSource, type Source } from "./body.js";
import { dropSharedChecker, withSharedChecker } from "./checker.js";
import { diagnose, ours } from "./diagnostics.js";
import { emit } from "./emit.js";
import { callableFault, findExports } from "./exports.js";
import { Modules, type ImportFault } from "./modules.js";
import { OptionError, readOptions, type Options } from "./options.js";
import { makeProgram } from "./program.js";
import type {
  CompiledModule,
  CompileRequest,
  CompileResponse,
  Diagnostic,
} from "./protocol.js";

/** Compiles; every failure, TypeScript's own included, is in the response. */
export function compile(request: CompileRequest): CompileResponse {
  let options: Options;
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
  const modules = new Modules(request.artifacts);
  withSharedChecker(() => {
    compileAll(request, options, modules, response);
  });
  if (modules.needs.size === 0) return response;
  return { modules: [], diagnostics: [], needs: [...modules.needs] };
}

/** A source and what is wrong with its imports. */
interface Linked {
  source: Source;
  faults: ImportFault[];
}

function compileAll(
  request: CompileRequest,
  options: Options,
  modules: Modules,
  response: CompileResponse,
): void {
  const first = request.first ?? 1;
  const sources = request.sources.map((each, i) => {
    const overrides = Object.entries(each.import_map ?? {});
    const map = new Map([...options.importMap, ...overrides]);
    return guarded(first + i, () => {
      const source = readSource(each, first + i);
      return { source, faults: modules.follow(source, map) };
    });
  });
  if (modules.needs.size > 0) return;
  const readable = sources.flatMap(({ value }) => (value === undefined ? [] : [value]));
  const program = makeProgram(
    [...readable.map(({ source }) => source.file), ...modules.files],
    options.compiler,
    (containing, specifier) => modules.resolve(containing, specifier),
  );
  const emits = request.emit !== false;
  sources.forEach(({ value: linked, crash }, i) => {
    const text = request.sources[i]?.text ?? "";
    const compiled =
      linked === undefined
        ? { value: undefined, crash }
        : guarded(first + i, () => compileOne(program, modules, linked, emits));
    response.modules.push(compiled.value?.module ?? unfinished(text));
    response.diagnostics.push(...(compiled.value?.diagnostics ?? compiled.crash));
  });
}

function compileOne(
  program: ts.Program,
  modules: Modules,
  { source, faults }: Linked,
  emits: boolean,
): { module: CompiledModule; diagnostics: Diagnostic[] } {
  const { form, variant } = source;
  const module = { ...unfinished(source.file.text), form, variant };
  const imported = [...faults, ...modules.syntaxFaults(program, source)];
  const diagnostics = diagnose(program, source, imported);
  if (diagnostics.length === 0) {
    const fault = callableFault(program, source);
    if (fault !== undefined) diagnostics.push(ours(source, fault));
  }
  if (diagnostics.length === 0) {
    module.exports = findExports(program, source);
    if (emits) {
      const { compiled_js, source_map, specifiers } = emit(program, source);
      const { imports, importMap } = modules.needed(source, specifiers);
      Object.assign(module, {
        compiled_js,
        source_map,
        imports,
        import_map: importMap,
      });
    }
  }
  return { module, diagnostics };
}

function unfinished(text: string): CompiledModule {
  return {
    source_ts: text,
    form: "module",
    variant: 0,
    compiled_js: null,
    source_map: null,
    exports: {},
    imports: [],
    import_map: {},
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
