/**
 * `data:` URLs as modules.
 *
 * One reading for both sides: the compiler types what the realm will evaluate.
 */

import { decodeBase64 } from "./base64.js";

export interface DataModule {
  format: "javascript" | "json";
  /** The JavaScript of a module, or JSON. */
  text: string;
}

/** What a `data:` URL holds, or why it is no module. */
export function readDataUrl(url: string): DataModule | { fault: string } {
  const comma = url.indexOf(",");
  if (comma < 0) return { fault: "it has no comma before its data" };
  const [type = "", ...parameters] = url
    .slice("data:".length, comma)
    .split(";")
    .map((part) => part.trim().toLowerCase());
  const format = formatOf(type);
  if (format === undefined) {
    return {
      fault:
        `its type is ${type === "" ? "not given" : `"${type}"`}: modules are ` +
        "text/javascript or application/json",
    };
  }
  // As everywhere in URLs, a # ends what is meant and begins a fragment.
  const [data = ""] = url.slice(comma + 1).split("#");
  const text = decoded(data, parameters.includes("base64"));
  if (text === undefined) return { fault: "its data cannot be decoded as UTF-8" };
  if (format === "json") {
    try {
      JSON.parse(text);
    } catch {
      return { fault: "its data is no JSON" };
    }
  }
  return { format, text };
}

/** The JavaScript that a module is. */
export function codeOf({ format, text }: DataModule): string {
  if (format === "javascript") return text;
  return `export default JSON.parse(${JSON.stringify(text)});\n`;
}

function formatOf(type: string): DataModule["format"] | undefined {
  if (/^(?:text|application)\/(?:x-)?(?:java|ecma)script$/.test(type)) {
    return "javascript";
  }
  if (/^(?:text|application)\/json$|\+json$/.test(type)) return "json";
  return undefined;
}

function decoded(data: string, base64: boolean): string | undefined {
  try {
    if (!base64) return decodeURIComponent(data.replace(/%(?![0-9a-f]{2})/gi, "%25"));
    const bytes = decodeBase64(decodeURIComponent(data));
    if (bytes === undefined) return undefined;
    const escaped = bytes.replace(/[^]/g, (byte) => {
      return `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`;
    });
    return decodeURIComponent(escaped);
  } catch {
    return undefined;
  }
}
