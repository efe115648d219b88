/**
 * The modules that sources import: artifacts and `data:` URLs, as files of the program.
 *
 * The compiler reads nothing itself. What it is not given it names in `needs`, and it is
 * asked again.
 */

import ts from "typescript";
import type { DataModule } from "../../shared/data-url.js";
import { bodyFunction, type Fault, type Source } from "./body.js";
import { readImportMap, type ImportMap } from "./import-map.js";
import { importsOf, type Import } from "./imports.js";
import { placeOf } from "./position.js";
import { parse } from "./program.js";
import type { CompileRequest } from "./protocol.js";
import { readSpecifier, type Target } from "./specifier.js";

/** What one file imports, and where each import leads. */
interface Links {
  imports: { from: Import; target: Target; file: string | undefined }[];
  map: ImportMap;
}

/** A fault of an import, at the literal that names it. */
export interface ImportFault extends Fault {
  /** TypeScript says «cannot find module» there as well. */
  replaces: boolean;
}

// Artifacts do not change: their parsed and bound files serve later requests too, where all
// that they import was there; what the checker has found out of them stays true.
const mostKept = 64;
const kept = new Map<string, ts.SourceFile>();

export class Modules {
  /** Hashes of artifacts that were not given. */
  readonly needs = new Set<string>();

  readonly #given: NonNullable<CompileRequest["artifacts"]>;
  readonly #files = new Map<string, ts.SourceFile>();
  readonly #names = new Map<string, string>();
  readonly #links = new Map<string, Links>();
  readonly #incomplete = new Set<string>();

  constructor(given: CompileRequest["artifacts"]) {
    this.#given = given ?? {};
  }

  /** All files that were imported so far, by whichever source. */
  get files(): Iterable<ts.SourceFile> {
    return this.#files.values();
  }

  /** Follows the imports of a source; returns what is wrong with them. */
  follow(source: Source, overrides: ImportMap): ImportFault[] {
    const { file } = source;
    const body = source.form === "plain" ? bodyFunction(file)?.body : undefined;
    const start = body === undefined ? 0 : body.getStart(file) + 1;
    const { map: own, fault } = readImportMap(file, start);
    const faults = this.#link(file, new Map([...own, ...overrides]), true);
    if (fault !== undefined) faults.unshift({ ...fault, replaces: false });
    return faults;
  }

  /** The file that a specifier in a file leads to. */
  resolve(containing: string, specifier: string): string | undefined {
    const links = this.#links.get(containing);
    return links?.imports.find(({ from }) => from.specifier === specifier)?.file;
  }

  /** Syntax errors of `data:` modules, at the literals that name them. */
  syntaxFaults(program: ts.Program, source: Source): ImportFault[] {
    const faults: ImportFault[] = [];
    for (const { from, target, file } of this.#importsOf(source.file)) {
      const data = file === undefined ? undefined : this.#files.get(file);
      if (target.kind !== "data" || data === undefined) continue;
      const [first] = program.getSyntacticDiagnostics(data);
      if (first === undefined) continue;
      const { line, column } = placeOf(data.text, first.start);
      const text = ts.flattenDiagnosticMessageText(first.messageText, "\n");
      faults.push(
        importFault(
          from,
          "PLTS1006",
          `line ${line}, column ${column} of the data: URL: TS${first.code}: ${text}`,
        ),
      );
    }
    return faults;
  }

  /**
   * What the emitted code imports, given the specifiers that are left in it, and the
   * entries of the import map that it takes. Artifacts of which only types are used count:
   * the source does not compile without them.
   */
  needed(
    source: Source,
    emitted: ReadonlySet<string>,
  ): { imports: string[]; importMap: Record<string, string> } {
    const imports = new Set<string>();
    const importMap: Record<string, string> = {};
    const links = this.#links.get(source.file.fileName);
    for (const { from, target, file } of links?.imports ?? []) {
      if (!emitted.has(from.specifier) && target.kind !== "artifact") continue;
      const meant = links?.map.get(from.specifier);
      if (meant !== undefined) importMap[from.specifier] = meant;
      this.#collect(meant ?? from.specifier, target, file, imports);
    }
    return { imports: [...imports].sort(), importMap };
  }

  #collect(
    specifier: string,
    target: Target,
    file: string | undefined,
    into: Set<string>,
  ): void {
    if (into.has(specifier)) return;
    into.add(specifier);
    if (target.kind !== "data" || file === undefined) return;
    // The text of a data: URL is part of the source: so is what it imports.
    for (const inner of this.#links.get(file)?.imports ?? []) {
      this.#collect(inner.from.specifier, inner.target, inner.file, into);
    }
  }

  #importsOf(file: ts.SourceFile): Links["imports"] {
    return this.#links.get(file.fileName)?.imports ?? [];
  }

  #link(file: ts.SourceFile, map: ImportMap, canFail: boolean): ImportFault[] {
    const found = importsOf(file);
    const links: Links = { imports: [], map };
    this.#links.set(file.fileName, links);
    const faults = found.faults.map((each) => ({ ...each, replaces: false }));
    for (const from of found.list) {
      const target = readSpecifier(map.get(from.specifier) ?? from.specifier);
      const fault = this.#fault(from, target);
      if (fault !== undefined) faults.push(fault);
      const { name, faults: inner } = this.#load(target, from);
      links.imports.push({ from, target, file: name });
      const isComplete =
        target.kind === "runtime" ||
        (name !== undefined && !this.#incomplete.has(name));
      if (!isComplete) this.#incomplete.add(file.fileName);
      faults.push(...inner);
    }
    return canFail ? faults : [];
  }

  #fault(from: Import, target: Target): ImportFault | undefined {
    switch (target.kind) {
      case "fault":
        return importFault(from, target.code, target.message);
      case "artifact":
        if (this.#given[target.hash] !== null) return undefined;
        return importFault(
          from,
          "PLTS1005",
          `artifact ${target.hash} does not exist in plts.artifact`,
        );
      case "data":
        if ((target.module.format === "json") === (from.type === "json")) {
          return undefined;
        }
        return importFault(
          from,
          "PLTS1007",
          from.type === "json"
            ? 'only JSON is imported with { type: "json" }'
            : 'JSON is imported with { type: "json" } after its specifier',
        );
      case "runtime":
        return undefined;
    }
  }

  /** The file of a target, read once; faults are those of a data: URL's own imports. */
  #load(
    target: Target,
    from: Import,
  ): { name: string | undefined; faults: ImportFault[] } {
    if (target.kind === "artifact") {
      return { name: this.#loadArtifact(target.hash), faults: [] };
    }
    if (target.kind !== "data") return { name: undefined, faults: [] };
    const known = this.#names.get(target.url);
    if (known !== undefined) return { name: known, faults: [] };
    const name = this.#add(target.url, dataFile(this.#files.size, target.module));
    const file = this.#files.get(name);
    if (file === undefined) return { name, faults: [] };
    // In there, a bare specifier means nothing: other sources share the module.
    const faults = this.#link(file, new Map(), true).map((inner) =>
      importFault(from, inner.code, `in the data: URL: ${inner.message}`),
    );
    return { name, faults };
  }

  #loadArtifact(hash: string): string | undefined {
    const known = this.#names.get(hash);
    if (known !== undefined) return known;
    const given = this.#given[hash];
    if (given === undefined) this.needs.add(hash);
    if (given === undefined || given === null) return undefined;
    const file = kept.get(hash) ?? parse(`/${hash.replace(":", "-")}.ts`, given.text);
    const name = this.#add(hash, file);
    const body = bodyFunction(file)?.body;
    const start = body === undefined ? 0 : body.getStart(file) + 1;
    const { map } = readImportMap(file, start);
    const options = Object.entries(given.options?.import_map ?? {});
    this.#link(file, new Map([...map, ...options]), false);
    if (this.#incomplete.has(name)) {
      kept.delete(hash);
    } else {
      if (kept.size >= mostKept) kept.clear();
      kept.set(hash, file);
    }
    return name;
  }

  #add(key: string, file: ts.SourceFile): string {
    this.#names.set(key, file.fileName);
    this.#files.set(file.fileName, file);
    return file.fileName;
  }
}

function dataFile(number: number, { format, text }: DataModule): ts.SourceFile {
  return format === "json"
    ? parse(`/data-${number}.ts`, `export default ${text};`)
    : parse(`/data-${number}.js`, text);
}

function importFault(from: Import, code: string, message: string): ImportFault {
  return { code, message, position: from.position, phase: "semantic", replaces: true };
}
