/**
 * `replace`, `split` and `match` for regular expressions, in JavaScript.
 *
 * V8 has fast paths for these which it takes only while `RegExp.prototype` is exactly as it
 * made it; in a frozen realm its own are 8 to 35 times slower than in an open one, these
 * about as fast. `exec`, `test` and `search` keep V8's fast paths. Anything unusual (a
 * subclass, an expression with an `exec` of its own) is left to V8.
 */

const { apply, getPrototypeOf } = Reflect;
const { prototype } = RegExp;
const exec = prototype.exec;
const builtin = {
  match: prototype[Symbol.match],
  replace: prototype[Symbol.replace],
  split: prototype[Symbol.split],
};

type Replacement = string | ((...match: unknown[]) => unknown);

/** Puts them in place, before the realm is frozen. */
export function defineRegExpMethods(): void {
  for (const key of [Symbol.match, Symbol.replace, Symbol.split] as const) {
    Object.defineProperty(prototype, key, {
      value: regExpMethods[key],
      configurable: true,
      enumerable: false,
      writable: true,
    });
  }
}

// Methods of an object literal are no constructors, as V8's own are none.
export const regExpMethods = {
  [Symbol.match](this: RegExp, string: string): RegExpMatchArray | null {
    if (!isUsual(this)) return apply(builtin.match, this, [string]);
    const text = String(string);
    if (!this.global) return next(this, text);
    const { unicode } = this;
    const found: string[] = [];
    this.lastIndex = 0;
    for (let match = next(this, text); match !== null; match = next(this, text)) {
      found.push(match[0]);
      if (match[0] === "") this.lastIndex = after(text, this.lastIndex, unicode);
    }
    return found.length === 0 ? null : (found as RegExpMatchArray);
  },

  [Symbol.replace](this: RegExp, string: string, replacement: Replacement): string {
    if (!isUsual(this)) return apply(builtin.replace, this, [string, replacement]);
    const text = String(string);
    const by = typeof replacement === "function" ? replacement : String(replacement);
    const verbatim = typeof by === "string" && !by.includes("$");
    const { global, unicode } = this;
    let result = "";
    let end = 0;
    if (global) this.lastIndex = 0;
    for (let match = next(this, text); match !== null; match = next(this, text)) {
      result += text.slice(end, match.index);
      result += verbatim ? by : substitute(match, text, by);
      end = match.index + match[0].length;
      if (!global) break;
      if (match[0] === "") this.lastIndex = after(text, this.lastIndex, unicode);
    }
    return result + text.slice(end);
  },

  [Symbol.split](this: RegExp, string: string, limit?: number): string[] {
    if (!isUsual(this)) return apply(builtin.split, this, [string, limit]);
    const text = String(string);
    const most = limit === undefined ? 2 ** 32 - 1 : limit >>> 0;
    if (most === 0) return [];
    // Searching on from each place finds what trying there, and there, and there does.
    const { flags, unicode } = this;
    const separator = new RegExp(this.source, `${flags.replace(/[gy]/g, "")}g`);
    if (text === "") return next(separator, text) === null ? [text] : [];
    const parts: string[] = [];
    let start = 0;
    for (;;) {
      const match = next(separator, text);
      if (match === null || match.index >= text.length) break;
      const end = separator.lastIndex;
      if (end === start) {
        separator.lastIndex = after(text, end, unicode);
        continue;
      }
      if (match[0] === "") separator.lastIndex = after(text, end, unicode);
      if (parts.push(text.slice(start, match.index)) === most) return parts;
      for (let i = 1; i < match.length; i++) {
        if (parts.push(match[i] as string) === most) return parts;
      }
      start = end;
    }
    parts.push(text.slice(start));
    return parts;
  },
};

/** Whether an expression finds its matches as V8's own do. */
function isUsual(expression: RegExp): boolean {
  return getPrototypeOf(expression) === prototype && expression.exec === exec;
}

function next(expression: RegExp, text: string): RegExpExecArray | null {
  return apply(exec, expression, [text]) as RegExpExecArray | null;
}

/** The next place to try after an empty match. */
function after(text: string, index: number, unicode: boolean): number {
  const codePoint = unicode ? text.codePointAt(index) : undefined;
  return index + (codePoint !== undefined && codePoint > 0xffff ? 2 : 1);
}

function substitute(match: RegExpExecArray, text: string, by: Replacement): string {
  if (typeof by !== "function") return expand(match, text, by);
  const found: unknown[] = [...match, match.index, text];
  if (match.groups !== undefined) found.push(match.groups);
  return String(by(...found));
}

/** A replacement text with `$1` and its like filled in. */
function expand(match: RegExpExecArray, text: string, by: string): string {
  let result = "";
  let end = 0;
  for (let at = by.indexOf("$"); at >= 0; at = by.indexOf("$", end)) {
    result += by.slice(end, at);
    const [length, value] = reference(match, text, by, at);
    result += value;
    end = at + length;
  }
  return result + by.slice(end);
}

/** What a `$` stands for, and how many characters of the replacement it takes. */
function reference(
  match: RegExpExecArray,
  text: string,
  by: string,
  at: number,
): [length: number, value: string] {
  const sign = by[at + 1] ?? "";
  switch (sign) {
    case "$":
      return [2, "$"];
    case "&":
      return [2, match[0]];
    case "`":
      return [2, text.slice(0, match.index)];
    case "'":
      return [2, text.slice(match.index + match[0].length)];
    case "<":
      return namedReference(match, by, at);
    default:
      return numberedReference(match, by, at);
  }
}

function namedReference(
  { groups }: RegExpExecArray,
  by: string,
  at: number,
): [number, string] {
  const close = groups === undefined ? -1 : by.indexOf(">", at);
  if (groups === undefined || close < 0) return [1, "$"];
  return [close + 1 - at, groups[by.slice(at + 2, close)] ?? ""];
}

function numberedReference(
  match: RegExpExecArray,
  by: string,
  at: number,
): [number, string] {
  for (const digits of [2, 1]) {
    const number = by.slice(at + 1, at + 1 + digits);
    if (number.length < digits || !isDigits(number)) continue;
    const group = Number(number);
    if (group >= 1 && group < match.length) return [1 + digits, match[group] ?? ""];
  }
  return [1, "$"];
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return false;
  }
  return true;
}
