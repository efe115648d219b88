/** Specifiers: what can stand after `from`. */

import { readDataUrl, type DataModule } from "../../shared/data-url.js";

export const runtimeSpecifier = "@stopgap/runtime";
export const artifactPrefix = "plts+artifact:";

export type Target =
  | { kind: "runtime" }
  | { kind: "artifact"; hash: string }
  | { kind: "data"; url: string; module: DataModule }
  | { kind: "fault"; code: string; message: string };

/** What a specifier means that no import map speaks of any more. */
export function readSpecifier(specifier: string): Target {
  if (specifier === runtimeSpecifier) return { kind: "runtime" };
  if (specifier.startsWith(artifactPrefix)) {
    const hash = specifier.slice(artifactPrefix.length);
    if (isHash(hash)) return { kind: "artifact", hash };
    return {
      kind: "fault",
      code: "PLTS1005",
      message: `not an artifact: after ${artifactPrefix} stands sha256: and 64 hexadecimal digits`,
    };
  }
  if (specifier.startsWith("data:")) {
    const module = readDataUrl(specifier);
    if (!("fault" in module)) return { kind: "data", url: specifier, module };
    return {
      kind: "fault",
      code: "PLTS1006",
      message: `the data: URL is no module: ${module.fault}`,
    };
  }
  return {
    kind: "fault",
    code: "TS2307",
    message: `Cannot find module "${specifier}" or its corresponding type declarations.`,
  };
}

export function isHash(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/** Whether an import map may say what a specifier means: it is no URL and no path. */
export function isBare(specifier: string): boolean {
  return (
    specifier !== "" &&
    specifier !== runtimeSpecifier &&
    !/^(?:\.{0,2}\/|[a-z][a-z0-9+.-]*:)/i.test(specifier) &&
    specifier !== "." &&
    specifier !== ".."
  );
}
