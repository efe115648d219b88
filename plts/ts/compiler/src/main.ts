/**
 * The TypeScript compiler of the database: a string in, a string out.
 *
 * Evaluated once, in the snapshot builder; needs nothing of its host.
 */

import { readSource } from "./body.js";
import { compile } from "./compile.js";
import type { CompileRequest } from "./protocol.js";
import { warmUp } from "./warm-up.js";

declare const FINGERPRINT: string;

warmUp();

export const compiler = Object.freeze({
  /** Takes a CompileRequest and gives a CompileResponse, both as JSON. */
  compile(requestJson: string): string {
    return JSON.stringify(compile(JSON.parse(requestJson) as CompileRequest));
  },
  /** The text of the module that the request's first source is: parsed, not checked. */
  wrap(requestJson: string): string {
    const [source] = (JSON.parse(requestJson) as CompileRequest).sources;
    return source === undefined ? "" : readSource(source, 1).file.text;
  },
  fingerprint: FINGERPRINT,
});
