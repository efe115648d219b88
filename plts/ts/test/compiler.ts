/** The compiler bundle, evaluated as the snapshot builder does: in a bare context. */

import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import type {
  CompileRequest,
  CompileResponse,
  PlainWrapper,
  SourceRequest,
} from "../compiler/src/protocol.js";

declare const REPOSITORY: string;

interface Compiler {
  compile(request: string): string;
  fingerprint: string;
}

export const compiler = runInContext(
  readFileSync(`${REPOSITORY}build/js/compiler.js`, "utf8"),
  createContext({}),
) as Compiler;

/** Headers for `(a int, b text) returns int`, not STRICT. */
export const wrapper: PlainWrapper = {
  headers: [
    "/* plts:body */ export default function (ctx: Ctx, a: number | null, b: string | null): number | null {\n",
    "/* plts:body */ export default async function (ctx: Ctx, a: number | null, b: string | null): Promise<number | null> {\n",
    "/* plts:body */ export default function* (ctx: Ctx, a: number | null, b: string | null): Iterable<number | null> {\n",
    "/* plts:body */ export default async function* (ctx: Ctx, a: number | null, b: string | null): AsyncIterable<number | null> {\n",
  ],
  footer: "\n}\n",
};

export function plain(text: string): SourceRequest {
  return { text, plain: wrapper };
}

export function module(text: string): SourceRequest {
  return { text, plain: null };
}

export function compile(
  sources: SourceRequest[],
  rest: Omit<CompileRequest, "sources"> = {},
): CompileResponse {
  return JSON.parse(
    compiler.compile(JSON.stringify({ sources, ...rest })),
  ) as CompileResponse;
}

/** The module of one source that must compile. */
export function compileOne(source: SourceRequest): CompileResponse["modules"][number] {
  const { modules, diagnostics } = compile([source]);
  const [only] = modules;
  if (only === undefined || diagnostics.length > 0) {
    throw new Error(JSON.stringify(diagnostics, undefined, 2));
  }
  return only;
}

/** What is wrong with one source, shortly: code and place. */
export function complaints(source: SourceRequest): string[] {
  return compile([source]).diagnostics.map(
    ({ code, line, column, position }) => `${code} ${line}:${column} @${position}`,
  );
}
