/**
 * Shows any value as text, in the manner of Node's `util.inspect`.
 *
 * It must not run code of the value's own where that can be helped, and must not fail
 * whatever the value does: getters are named, not called, and an object that throws while
 * it is looked at says so in its place.
 */

import { functionText } from "./function-text.js";

const deepest = 4;
const mostItems = 100;
const mostText = 10_000;
const lineWidth = 76;

/** The text of a value; a string at the top is itself, inside it is quoted. */
export function inspect(value: unknown): string {
  return new Inspector().show(value, 0);
}

class Inspector {
  readonly #open: object[] = [];

  show(value: unknown, depth: number): string {
    try {
      return this.#show(value, depth);
    } catch {
      return "[unreadable]";
    }
  }

  #show(value: unknown, depth: number): string {
    switch (typeof value) {
      case "string":
        return quote(value);
      case "bigint":
        return `${value}n`;
      case "number":
        return Object.is(value, -0) ? "-0" : String(value);
      case "symbol":
      case "boolean":
      case "undefined":
        return String(value);
      case "function":
        return this.#withProperties(value, functionTitle(value), depth);
      default:
        return value === null ? "null" : this.#showObject(value as object, depth);
    }
  }

  #showObject(value: object, depth: number): string {
    if (this.#open.includes(value)) return "[Circular]";
    if (depth > deepest)
      return Array.isArray(value) ? "[Array]" : `[${className(value)}]`;
    this.#open.push(value);
    try {
      return this.#structure(value, depth);
    } finally {
      this.#open.pop();
    }
  }

  #structure(value: object, depth: number): string {
    if (Array.isArray(value)) return this.#list("", value, value.length, depth);
    if (value instanceof Error)
      return this.#withProperties(value, errorTitle(value), depth);
    if (value instanceof Date) {
      return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
    }
    if (value instanceof RegExp) return RegExp.prototype.toString.call(value);
    if (value instanceof Map) return this.#map(value, depth);
    if (value instanceof Set)
      return this.#list(`Set(${value.size}) `, [...value], value.size, depth);
    if (value instanceof Promise) return "Promise {}";
    if (value instanceof ArrayBuffer)
      return `ArrayBuffer { ${value.byteLength} bytes }`;
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
      const list = value as unknown as ArrayLike<unknown>;
      return this.#list(
        `${className(value)}(${list.length}) `,
        list,
        list.length,
        depth,
      );
    }
    const name = className(value);
    return this.#withProperties(value, name === "Object" ? "" : name, depth);
  }

  #list(
    title: string,
    items: ArrayLike<unknown>,
    length: number,
    depth: number,
  ): string {
    const parts: string[] = [];
    for (let i = 0; i < Math.min(length, mostItems); i++) {
      parts.push(this.show(items[i], depth + 1));
    }
    if (length > mostItems) parts.push(`… ${length - mostItems} more items`);
    return title + enclose("[", parts, "]", depth);
  }

  #map(value: Map<unknown, unknown>, depth: number): string {
    const parts: string[] = [];
    for (const [key, member] of value) {
      if (parts.length === mostItems) {
        parts.push(`… ${value.size - mostItems} more items`);
        break;
      }
      parts.push(`${this.show(key, depth + 1)} => ${this.show(member, depth + 1)}`);
    }
    return `Map(${value.size}) ${enclose("{", parts, "}", depth)}`;
  }

  #withProperties(value: object, title: string, depth: number): string {
    const parts: string[] = [];
    for (const key of Reflect.ownKeys(value)) {
      const property = Reflect.getOwnPropertyDescriptor(value, key);
      if (property?.enumerable !== true) continue;
      if (parts.length === mostItems) {
        parts.push("…");
        break;
      }
      parts.push(`${keyText(key)}: ${this.#property(property, depth)}`);
    }
    if (title === "") return enclose("{", parts, "}", depth);
    return parts.length === 0 ? title : `${title} ${enclose("{", parts, "}", depth)}`;
  }

  #property(property: PropertyDescriptor, depth: number): string {
    if (property.get !== undefined) {
      return property.set === undefined ? "[Getter]" : "[Getter/Setter]";
    }
    if (property.set !== undefined) return "[Setter]";
    return this.show(property.value, depth + 1);
  }
}

function enclose(open: string, parts: string[], close: string, depth: number): string {
  if (parts.length === 0) return open + close;
  const line = `${open} ${parts.join(", ")} ${close}`;
  if (line.length <= lineWidth && !line.includes("\n")) return line;
  const indent = "  ".repeat(depth + 1);
  const end = "  ".repeat(depth);
  return `${open}\n${indent}${parts.join(`,\n${indent}`)}\n${end}${close}`;
}

function quote(text: string): string {
  if (text.length > mostText) {
    const rest = text.length - mostText;
    return `${quote(text.slice(0, mostText))}… ${rest} more characters`;
  }
  const plain = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  if (!text.includes("'")) return `'${plain}'`;
  return text.includes('"') ? `'${plain.replaceAll("'", "\\'")}'` : `"${plain}"`;
}

function keyText(key: string | symbol): string {
  if (typeof key === "symbol") return `[${String(key)}]`;
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(key) ? key : quote(key);
}

function className(value: object): string {
  const prototype: unknown = Reflect.getPrototypeOf(value);
  if (typeof prototype !== "object" || prototype === null) {
    return "[Object: null prototype]";
  }
  const constructor = Reflect.getOwnPropertyDescriptor(prototype, "constructor")
    ?.value as unknown;
  if (typeof constructor !== "function") return "Object";
  return ownText(constructor, "name") ?? "Object";
}

function functionTitle(value: object): string {
  const name = ownText(value, "name") ?? "";
  const text = functionText(value as () => unknown);
  const kind = text.startsWith("class") ? "class" : "Function";
  return name === "" ? `[${kind} (anonymous)]` : `[${kind}: ${name}]`;
}

function errorTitle(error: Error): string {
  const { stack } = error;
  if (typeof stack === "string" && stack !== "") return stack;
  return `[${Error.prototype.toString.call(error)}]`;
}

function ownText(value: object, key: string): string | undefined {
  const property = Reflect.getOwnPropertyDescriptor(value, key);
  const text: unknown = property?.value;
  return typeof text === "string" && text !== "" ? text : undefined;
}
