/** `console.table`: rows of objects or arrays as aligned text. */

import { inspect } from "./inspect.js";

const mostRows = 1000;

/** The table; undefined for what has no rows. */
export function tableText(
  data: unknown,
  only: readonly string[] | undefined,
): string | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const entries: [string, unknown][] =
    data instanceof Map
      ? [...data].map(([key, row]) => [cell(key), row])
      : Object.entries(data);
  const rows = entries.slice(0, mostRows);
  const columns: string[] = [];
  let hasValues = false;
  for (const [, row] of rows) {
    if (typeof row !== "object" || row === null) hasValues = true;
    else
      for (const key of Object.keys(row)) if (!columns.includes(key)) columns.push(key);
  }
  const shown = only === undefined ? columns : [...only].map(String);
  const head = ["(index)", ...shown, ...(hasValues ? ["Values"] : [])];
  const lines = rows.map(([index, row]) => {
    const isObject = typeof row === "object" && row !== null;
    const cells = shown.map((key) =>
      isObject && Object.hasOwn(row, key) ? cell(Reflect.get(row, key)) : "",
    );
    return [index, ...cells, ...(hasValues ? [isObject ? "" : cell(row)] : [])];
  });
  return aligned([head, ...lines]);
}

function cell(value: unknown): string {
  return (typeof value === "string" ? value : inspect(value)).replace(/\s*\n\s*/g, " ");
}

function aligned(lines: string[][]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    lines.reduce((most, line) => Math.max(most, (line[column] ?? "").length), 0),
  );
  const texts = lines.map((line) =>
    line
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join(" | ")
      .trimEnd(),
  );
  texts.splice(1, 0, widths.map((width) => "-".repeat(width)).join("-+-"));
  return texts.join("\n");
}
