/**
 * Runs code in a realm of its own: a process, because the realm freezes the intrinsics it
 * finds, and a context of `node:vm` has a global object that cannot be frozen.
 */

import { spawnSync } from "node:child_process";

declare const REPOSITORY: string;

/**
 * What a function body, or an expression, gives in a fresh realm where `realm` is the
 * bundle's value, installed over simple natives, and `log` holds what `console` said.
 */
export function inRealm(code: string): unknown {
  const body = /\breturn\b/.test(code) ? code : `return ${code.trim()}`;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--input-type=module"],
    {
      input: program(body),
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(stderr);
  const { value } = JSON.parse(stdout) as { value?: unknown };
  return value;
}

function program(body: string): string {
  return `
    import { readFileSync, writeSync } from "node:fs";
    import { randomFillSync } from "node:crypto";
    import { runInThisContext } from "node:vm";
    import { types } from "node:util";
    const { performance: clock, TextDecoder: Decoder, TextEncoder: Encoder, structuredClone: clone } = globalThis;
    const script = readFileSync(${JSON.stringify(`${REPOSITORY}build/js/realm.js`)}, "utf8");
    const log = [];
    const statements = [];
    const natives = {
      query: async (...statement) => { statements.push(statement); return [{ n: 1 }]; },
      exec: async (...statement) => { statements.push(statement); return { ok: true, rowCount: 1 }; },
      querySync: (...statement) => { statements.push(statement); return [{ n: 1 }]; },
      execSync: (...statement) => { statements.push(statement); return { ok: true, rowCount: 1 }; },
      now: () => "2024-02-29T12:00:00.000000+00:00",
      console: (level, text) => { log.push([level, text]); },
      random: (bytes) => { randomFillSync(bytes); },
      detach: (buffer) => { clone(buffer, { transfer: [buffer] }); },
      isProxy: (object) => types.isProxy(object),
      monotonicMs: () => clock.now(),
      utf8Encode: (text) => new Encoder().encode(text),
      utf8Decode: (bytes, fatal) => new Decoder("utf-8", { fatal, ignoreBOM: true }).decode(bytes),
      module: (name) => modules[name],
    };
    const modules = {};
    const keep = ["process", "queueMicrotask", "setTimeout", "setImmediate", "clearTimeout"];
    for (const name of Object.getOwnPropertyNames(globalThis)) {
      const { value, configurable, enumerable } =
        Object.getOwnPropertyDescriptor(globalThis, name);
      const own = /^(?:WebAssembly|Iterator|SharedArrayBuffer|Atomics)$/.test(name);
      const standard = !own && !enumerable && typeof value === "function" &&
        /^[A-Z]/.test(name) && runInThisContext("typeof " + name) === "function" &&
        String(value).includes("[native code]");
      const plain = /^(?:[a-z]\\w*|JSON|Math|Reflect|Intl|NaN|Infinity)$/.test(name) && !enumerable;
      if (configurable && !standard && !plain && !keep.includes(name)) delete globalThis[name];
    }
    for (const name of ["console", "crypto", "performance", "structuredClone", "atob", "btoa",
      "URL", "URLSearchParams", "TextEncoder", "TextDecoder"]) delete globalThis[name];
    const realm = runInThisContext(script, { filename: "realm.js" });
    realm.install(natives);
    const value = await (async () => { "use strict"; ${body} })();
    writeSync(1, JSON.stringify({ value }));
    process.exit(0);
  `;
}
