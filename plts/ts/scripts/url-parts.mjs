/**
 * An esbuild plugin: fits the package whatwg-url, and tr46 below it, into the realm.
 *
 * Each context is made from a snapshot, and pays for every object in it, but not for text:
 * strings are the isolate's. tr46's table of 9,000 lists becomes one string that is read
 * where it lies.
 */

import { readFile } from "node:fs/promises";
import { root } from "./paths.mjs";

const own = `${root}plts/ts/realm/src/url`;
const inWhatwgUrl = /[/\\]node_modules[/\\]whatwg-url[/\\]/;
const replaced = new Map([
  ["webidl-conversions", `${own}/conversions.ts`],
  ["./encoding", `${own}/utf8.ts`],
  ["@exodus/bytes/whatwg.js", `${own}/utf8.ts`],
  // Encodings other than UTF-8, which no caller can ask for.
  ["@exodus/bytes/encoding.js", `${own}/utf8.ts`],
]);

export const urlParts = {
  name: "url-parts",
  setup(build) {
    build.onResolve(
      { filter: /^(?:webidl-conversions$|\.\/encoding$|@exodus\/)/ },
      ({ path, importer }) =>
        inWhatwgUrl.test(importer) ? { path: replaced.get(path) } : undefined,
    );
    build.onLoad(
      { filter: /[/\\]tr46[/\\]lib[/\\]mappingTable\.json$/ },
      async ({ path }) => ({
        contents: tableModule(JSON.parse(await readFile(path, "utf8"))),
        loader: "js",
      }),
    );
  },
};

/**
 * A module whose value reads like tr46's list of `[[first, last], status, mapping]`.
 *
 * A row is ten digits of base 64, in ASCII, so that they take one byte each: four for its
 * first code point, one for the status, three for where its mapping lies in the second
 * text, two for its length. It ends where the next one begins.
 */
function tableModule(table) {
  let rows = "";
  let mappings = "";
  let next = 0;
  for (const [range, status, mapping = ""] of table) {
    const [first, last] = Array.isArray(range) ? range : [range, range];
    if (first !== next) throw new Error(`tr46's table leaves out ${next.toString(16)}`);
    next = last + 1;
    let at = mappings.indexOf(mapping);
    if (at < 0) {
      at = mappings.length;
      mappings += mapping;
    }
    rows += digits(first, 4) + digits(status, 1);
    rows += digits(at, 3) + digits(mapping.length, 2);
  }
  if (next !== 0x110000) throw new Error("tr46's table ends too early");
  return `
    const rows = ${JSON.stringify(rows)};
    const mappings = ${JSON.stringify(mappings)};
    const length = rows.length / 10;
    const read = (at, count) => {
      let value = 0;
      for (let i = at; i < at + count; i++) value = value * 64 + rows.charCodeAt(i) - 59;
      return value;
    };
    const first = (n) => (n === length ? 0x110000 : read(10 * n, 4));
    module.exports = new Proxy([], {
      get(_, key) {
        if (key === "length") return length;
        const n = Number(key);
        const at = read(10 * n + 5, 3);
        return [
          [first(n), first(n + 1) - 1],
          read(10 * n + 4, 1),
          mappings.slice(at, at + read(10 * n + 8, 2)),
        ];
      },
    });`;
}

/** A number as so many digits from `;`, which is 0, to `z`, without a quote. */
function digits(value, count) {
  let text = "";
  for (let rest = value, i = 0; i < count; i++, rest = Math.floor(rest / 64)) {
    text = String.fromCharCode(59 + (rest % 64)) + text;
  }
  if (value >= 64 ** count) throw new Error("tr46's table is too large");
  return text;
}
