/** Translates V8's stack text into frames of the TypeScript that people wrote. */

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { natives, type ModuleOrigin } from "./natives.js";

// Decoding a map is the expensive part, and a function that fails does so repeatedly.
const mostMaps = 32;
const decoded = new Map<string, { sourceMap: string; map: TraceMap }>();

const frame = /^\s*at (async )?(?:(.*?) \()?(plts:[^\s()]+?):(\d+):(\d+)\)?$/;

/**
 * The frames of a stack that lie in modules of ours, one a line: `at f (NAME:L:C)`.
 *
 * Frames of V8's builtins and of the realm itself are left out.
 */
export function mapStack(stack: string): string {
  const lines: string[] = [];
  for (const line of stack.split("\n")) {
    const mapped = mapFrame(line);
    if (mapped !== undefined) lines.push(mapped);
  }
  return lines.join("\n");
}

/** Takes the frames that are not the author's out of the stack of an error of ours. */
export function withoutOurFrames<E extends Error>(error: E): E {
  const lines = (error.stack ?? "").split("\n");
  Object.defineProperty(error, "stack", {
    value: lines
      .filter((line) => !/^    at /.test(line) || frame.test(line))
      .join("\n"),
    configurable: true,
    enumerable: false,
    writable: true,
  });
  return error;
}

function mapFrame(line: string): string | undefined {
  const match = frame.exec(line);
  if (match === null) return undefined;
  const [, asynchronous = "", caller = "", resource = "", lineText, columnText] = match;
  const origin = natives().module(resource);
  if (origin === undefined) return undefined;
  const place = locate(resource, origin, Number(lineText), Number(columnText));
  const where = `${origin.name}:${place.line}:${place.column}`;
  // The default export is the function that the name already says.
  const name = caller.replace(/^(?:Module\.)?default$/, "");
  return name === ""
    ? `at ${asynchronous}${where}`
    : `at ${asynchronous}${name} (${where})`;
}

function locate(
  resource: string,
  origin: ModuleOrigin,
  line: number,
  column: number,
): { line: number; column: number } {
  let place = { line, column };
  if (origin.sourceMap !== "") {
    const map = traceMap(resource, origin.sourceMap);
    const found = originalPositionFor(map, { line, column: column - 1 });
    if (found.line !== null) place = { line: found.line, column: found.column + 1 };
  }
  return { line: Math.max(1, place.line - origin.lineOffset), column: place.column };
}

function traceMap(resource: string, sourceMap: string): TraceMap {
  const known = decoded.get(resource);
  if (known?.sourceMap === sourceMap) return known.map;
  const map = new TraceMap(sourceMap);
  if (decoded.size >= mostMaps) decoded.clear();
  decoded.set(resource, { sourceMap, map });
  return map;
}
