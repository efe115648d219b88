/** Our `replace`, `split` and `match` do what V8's do. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { regExpMethods } from "../realm/src/regexp.js";
import { inRealm } from "./realm.js";

const patterns = [
  "a",
  "",
  "a*",
  "(a)|(b)",
  "(?<x>a)(?<y>b)?",
  "(?:)",
  "^",
  "$",
  "\\b",
  "(?=a)",
  "(?<=a)",
  "[^]",
  "😀",
  "\\ud83d",
  "(.)(.)",
  "a|",
];
const flags = ["", "g", "y", "gy", "i", "gi", "u", "gu", "giu", "gm", "s"];
const texts = ["", "a", "b", "abab", "aXbA\nab", "😀a😀", "xx", "a".repeat(20)];
const replacements = [
  "-",
  "",
  "[$&]",
  "$1",
  "$2$1",
  "$01$10$11",
  "$$",
  "$`|$'",
  "$<x>",
  "$<x",
  "$",
  "$0",
  "$a",
];

function agree(
  what: string,
  expression: RegExp,
  ours: () => unknown,
  theirs: () => unknown,
): void {
  const start = expression.lastIndex;
  const expected = theirs();
  const left = expression.lastIndex;
  expression.lastIndex = start;

  assert.deepEqual(ours(), expected, what);
  assert.equal(expression.lastIndex, left, `${what}: lastIndex`);
}

test("they agree with V8 on every combination of pattern, flags and text", () => {
  let count = 0;
  for (const pattern of patterns) {
    for (const flag of flags) {
      for (const text of texts) {
        for (const lastIndex of [0, 1]) {
          const expression = new RegExp(pattern, flag);
          const what = `${String(expression)} ${JSON.stringify(text)} @${lastIndex}`;
          const at = () => {
            expression.lastIndex = lastIndex;
            count++;
          };
          at();
          agree(
            `${what} match`,
            expression,
            () => regExpMethods[Symbol.match].call(expression, text),
            () => text.match(expression),
          );
          for (const limit of [undefined, 0, 1, 3, -1]) {
            at();
            agree(
              `${what} split ${limit}`,
              expression,
              () => regExpMethods[Symbol.split].call(expression, text, limit),
              () => text.split(expression, limit),
            );
          }
          for (const by of [
            ...replacements,
            (...all: unknown[]) => JSON.stringify(all),
          ]) {
            at();
            agree(
              `${what} replace ${String(by)}`,
              expression,
              () => regExpMethods[Symbol.replace].call(expression, text, by),
              () => text.replace(expression, by as string),
            );
          }
        }
      }
    }
  }
  assert(count > 20_000);
});

test("expressions that are not V8's own are left to V8", () => {
  const results = inRealm(`
    class Shout extends RegExp {
      exec(text) { const match = super.exec(text); if (match) match[0] = match[0].toUpperCase(); return match; }
    }
    const own = Object.defineProperty(/a/g, "exec", { value: () => null });
    const frozen = Object.freeze(/a/g);
    let refused; try { "a".replace(frozen, "b"); } catch (error) { refused = error.name; }
    return ["xax".match(new Shout("a")), "xax".replace(own, "-"), "a-b".split(new Shout("-")), refused,
      "aaa".replaceAll(/a/g, (m, at) => at), [..."a1b2".matchAll(/[a-z]/g)].length,
      typeof RegExp.prototype[Symbol.replace].prototype, /a/[Symbol.replace].name];`);

  assert.deepEqual(results, [
    ["A"],
    "xax",
    ["a", "b"],
    "TypeError",
    "012",
    2,
    "undefined",
    "[Symbol.replace]",
  ]);
});
