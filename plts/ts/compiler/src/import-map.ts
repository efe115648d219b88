/**
 * Import maps: what the bare specifiers of a source stand for.
 *
 * An author writes one as a comment at the top of the source, so that it is part of what
 * the artifact's hash names:
 *
 *     // plts-import-map: { "money": "plts+artifact:sha256:…" }
 */

import ts from "typescript";
import type { Fault } from "./body.js";
import { isHash, isBare, artifactPrefix } from "./specifier.js";

export type ImportMap = ReadonlyMap<string, string>;

const mark = /^\s*plts-import-map:\s*/;

/** What is wrong with an import map; empty where nothing is. */
export function importMapFault(value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return "an import map is an object of specifiers and what they stand for";
  }
  for (const [specifier, target] of Object.entries(value)) {
    if (!isBare(specifier) || specifier.endsWith("/")) {
      return `an import map cannot name "${specifier}": only bare specifiers`;
    }
    if (typeof target !== "string" || !isTarget(target)) {
      return (
        `the import map leads "${specifier}" to ${JSON.stringify(target)}: ` +
        "a target is plts+artifact:sha256:… or a data: URL"
      );
    }
  }
  return "";
}

/** The map that the comments at the top of a source hold; the first one counts. */
export function readImportMap(
  file: ts.SourceFile,
  from: number,
): { map: ImportMap; fault: Fault | undefined } {
  const { text } = file;
  for (const { pos, end, kind } of ts.getLeadingCommentRanges(text, from) ?? []) {
    const isBlock = kind === ts.SyntaxKind.MultiLineCommentTrivia;
    const comment = text.slice(pos + 2, isBlock ? end - 2 : end);
    const found = mark.exec(comment);
    if (found === null) continue;
    const { value, fault } = parsed(comment.slice(found[0].length));
    if (fault === "") return { map: new Map(Object.entries(value)), fault: undefined };
    return { map: new Map(), fault: mapFault(fault, pos) };
  }
  return { map: new Map(), fault: undefined };
}

function parsed(json: string): { value: Record<string, string>; fault: string } {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { value: {}, fault: "the import map is no JSON" };
  }
  return { value: value as Record<string, string>, fault: importMapFault(value) };
}

function isTarget(target: string): boolean {
  if (target.startsWith(artifactPrefix)) {
    return isHash(target.slice(artifactPrefix.length));
  }
  return target.startsWith("data:");
}

function mapFault(message: string, position: number): Fault {
  return { code: "PLTS1004", message, position, phase: "semantic" };
}
