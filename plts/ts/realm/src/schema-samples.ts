/**
 * Schemas of every sort, and what they fail with: for the lockdown to start from.
 *
 * zod's classes are reached through their instances only. One function that changed the
 * prototype of a schema would change how the arguments of all others are checked.
 */

import type { v as Validators } from "@stopgap/runtime";

type Maker = (...parameters: unknown[]) => unknown;

/** Calls every member of `v` in every way that works for some of them. */
export function schemaSamples(v: typeof Validators): unknown[] {
  const text = v.string();
  const object = v.object({ a: text, b: v.optional(text) });
  const tagged = v.object({ a: v.literal("x") });
  const parameterLists: unknown[][] = [
    [],
    [text],
    [object],
    [tagged],
    [() => text],
    [(value: unknown) => value],
    ["a"],
    [["a", "b"]],
    [1],
    [/x/],
    [Date],
    [{ a: text }],
    [[text, text]],
    [text, text],
    [text, "x"],
    [object, text],
    [object, { a: true }],
    [object, { c: text }],
    ["a", /x/],
    ["a", text],
    ["a", [tagged]],
  ];
  const makers = [v, v.iso, v.coerce].flatMap(
    (members) => Object.values(members) as unknown[],
  );
  const samples: unknown[] = [];
  for (const make of makers) {
    if (typeof make !== "function") continue;
    for (const parameters of parameterLists) {
      try {
        samples.push((make as Maker)(...parameters));
      } catch {
        // Not every member takes these parameters.
      }
    }
  }
  const { error } = v.safeParse(object, {});
  return [...samples, error, thrown(() => v.parse(object, {}))];
}

function thrown(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
