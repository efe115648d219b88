/** What C++ asks the compiler, and what it answers: JSON in, JSON out. */

/** How a plain body becomes a module. */
export interface PlainWrapper {
  /** One line each: for a sync, async, generator and async generator body. */
  headers: [string, string, string, string];
  footer: string;
}

export interface SourceRequest {
  text: string;
  /** Given where the text may be a plain body; null where it is a module. */
  plain: PlainWrapper | null;
  /** Entries that win over those of the options and of the source's own map. */
  import_map?: Record<string, string>;
}

/** A stored module that a source may import. */
export interface ArtifactRequest {
  text: string;
  options?: { import_map?: Record<string, string> };
}

export interface CompileRequest {
  sources: SourceRequest[];
  /** One-based index of the first of them, where others were compiled before. */
  first?: number;
  options?: Record<string, unknown>;
  /** By hash; null is said of one that does not exist. */
  artifacts?: Record<string, ArtifactRequest | null>;
  /** False to check only. */
  emit?: boolean;
}

export type Phase = "syntax" | "semantic";

export interface Diagnostic {
  severity: "error";
  code: string;
  message: string;
  /** One-based, in the text as given; columns and positions count characters. */
  line: number;
  column: number;
  position: number;
  phase: Phase;
  /** One-based index of the source. */
  source: number;
}

export interface CallableExport {
  kind: "query" | "mutation";
  async: boolean;
  generator: boolean;
  /** Present for plain bodies only, with `uses_ctx`. */
  plain?: true;
  /** Whether the body may look at its context at all. */
  uses_ctx?: boolean;
}

export interface CompiledModule {
  source_ts: string;
  form: "module" | "plain";
  /** Which header was used: bit 0 async, bit 1 generator. */
  variant: number;
  /** Null where there was an error, or nothing was to be emitted. */
  compiled_js: string | null;
  source_map: string | null;
  /** What can be called, by name. */
  exports: Record<string, CallableExport>;
  /** What it imports, directly or from its data: URLs, as import maps resolve it. */
  imports: string[];
  /** Bare specifiers among these, and what each stands for. */
  import_map: Record<string, string>;
}

export interface CompileResponse {
  modules: CompiledModule[];
  diagnostics: Diagnostic[];
  /** Hashes of artifacts to be given as well, and nothing else: ask again with them. */
  needs?: string[];
  /** The request itself was wrong; nothing was compiled. */
  error?: { message: string; hint?: string };
}
