/** `console`: formats its arguments and hands the text to PostgreSQL's log. */

import { mapStack } from "./stack.js";
import { inspect } from "./inspect.js";
import { Level, natives } from "./natives.js";
import { tableText } from "./table.js";

// Kept per context; a label is dropped when its timer ends or its counter is reset.
const timers = new Map<string, number>();
const counters = new Map<string, number>();

// Groups that are open. A call that ends in the middle of some leaves them to the next:
// they are dropped where there are more than anybody would read.
const deepestGroup = 8;
let groups = 0;

function write(level: number, values: unknown[]): void {
  const indent = "  ".repeat(groups);
  const text = format(values);
  natives().console(level, groups === 0 ? text : text.replace(/^/gm, indent));
}

function openGroup(...titles: unknown[]): void {
  if (titles.length > 0) write(Level.info, titles);
  groups = groups >= deepestGroup ? 0 : groups + 1;
}

/** Joins values as `console.log` does, with `%s` and its like in the first. */
export function format(values: readonly unknown[]): string {
  const [first, ...rest] = values;
  if (typeof first !== "string") return values.map(plain).join(" ");
  let used = 0;
  const text = first.replace(/%([sdifjoOc%])/g, (placeholder, kind: string) => {
    if (kind === "%") return "%";
    if (used >= rest.length) return placeholder;
    return substitute(kind, rest[used++]);
  });
  return [text, ...rest.slice(used).map(plain)].join(" ");
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : inspect(value);
}

function substitute(kind: string, value: unknown): string {
  switch (kind) {
    case "s":
      return plain(value);
    case "d":
      return typeof value === "bigint" ? `${value}n` : numberText(value, Number);
    case "i":
      return numberText(value, (text) => Number.parseInt(text, 10));
    case "f":
      return numberText(value, Number.parseFloat);
    case "c":
      return "";
    default:
      return inspect(value);
  }
}

function numberText(value: unknown, read: (text: string) => number): string {
  if (typeof value === "object" || typeof value === "symbol") return "NaN";
  return String(read(String(value)));
}

export const console = {
  debug(...values: unknown[]): void {
    write(Level.debug, values);
  },
  log(...values: unknown[]): void {
    write(Level.info, values);
  },
  info(...values: unknown[]): void {
    write(Level.info, values);
  },
  warn(...values: unknown[]): void {
    write(Level.warn, values);
  },
  error(...values: unknown[]): void {
    write(Level.error, values);
  },
  dir(value: unknown): void {
    write(Level.info, [inspect(value)]);
  },
  dirxml(...values: unknown[]): void {
    write(Level.info, values);
  },
  table(data?: unknown, columns?: readonly string[]): void {
    write(Level.info, ["%s", tableText(data, columns) ?? inspect(data)]);
  },
  group: openGroup,
  groupCollapsed: openGroup,
  groupEnd(): void {
    groups = Math.max(0, groups - 1);
  },
  trace(...values: unknown[]): void {
    const { stack } = new Error("trace");
    const title = `Trace: ${format(values)}`.trimEnd();
    write(Level.info, [`${title}\n${mapStack(stack ?? "")}`.trimEnd()]);
  },
  assert(condition?: unknown, ...values: unknown[]): void {
    if (condition) return;
    const text = values.length === 0 ? "" : `: ${format(values)}`;
    write(Level.error, [`Assertion failed${text}`]);
  },
  count(label = "default"): void {
    const count = (counters.get(String(label)) ?? 0) + 1;
    counters.set(String(label), count);
    write(Level.info, [`${label}: ${count}`]);
  },
  countReset(label = "default"): void {
    if (!counters.delete(String(label))) {
      write(Level.warn, [`Count for "%s" does not exist`, String(label)]);
    }
  },
  time(label = "default"): void {
    if (timers.has(String(label))) {
      write(Level.warn, [`Timer "%s" already exists`, String(label)]);
      return;
    }
    timers.set(String(label), natives().monotonicMs());
  },
  timeLog(label = "default", ...values: unknown[]): void {
    const start = timers.get(String(label));
    if (start === undefined) {
      write(Level.warn, [`Timer "%s" does not exist`, String(label)]);
      return;
    }
    const elapsed = (natives().monotonicMs() - start).toFixed(3);
    write(Level.info, [`${label}: ${elapsed} ms`, ...values]);
  },
  timeEnd(label = "default"): void {
    console.timeLog(label);
    timers.delete(String(label));
  },
};
