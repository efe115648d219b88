/**
 * Keeps the text of functions to themselves.
 *
 * Who may call a deployed function need not be allowed to read it. The standard leaves it
 * to the host whether the source of a function is available; here that of none is.
 */

const { toString } = Function.prototype;
const { apply } = Reflect;

/** The text of a function, for the realm's own use. */
export function functionText(value: (...args: never) => unknown): string {
  return apply(toString, value, []) as string;
}

/** Replaces `Function.prototype.toString`. */
export function hideFunctionTexts(): void {
  const replacement = {
    toString(this: unknown): string {
      if (typeof this !== "function") {
        throw new TypeError("Function.prototype.toString requires a function");
      }
      const name = Reflect.getOwnPropertyDescriptor(this, "name")?.value as unknown;
      return `function ${nameText(name)}() { [native code] }`;
    },
  };
  Object.defineProperty(Function.prototype, "toString", {
    value: replacement.toString,
    configurable: true,
    enumerable: false,
    writable: true,
  });
}

// What stands there must be a name by the standard's grammar.
function nameText(name: unknown): string {
  return typeof name === "string" && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
    ? name
    : "";
}
