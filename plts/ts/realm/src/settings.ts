/** `ctx.settings`: the server's settings, with the privileges of the caller. */

import type { Settings as SettingsType } from "@stopgap/runtime";
import { natives } from "./natives.js";

const getSql = "select pg_catalog.current_setting($1, true) as value";
const setSql = "select pg_catalog.set_config($1, $2, $3)";

export class Settings implements SettingsType {
  readonly #token: number;

  constructor(token: number) {
    this.#token = token;
  }

  get(name: string): string | null {
    const [row] = natives().querySync(this.#token, getSql, [name]);
    return (row?.["value"] ?? null) as string | null;
  }

  set(
    name: string,
    value: string | number | boolean | null,
    options?: { local?: boolean | undefined },
  ): void {
    const text = value === null || value === undefined ? null : textOf(value);
    const local = options?.local ?? true;
    natives().querySync(this.#token, setSql, [name, text, local]);
  }
}

function textOf(value: unknown): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new TypeError(
    `a setting is a string, a number, a boolean or null, not ${typeof value}`,
  );
}
