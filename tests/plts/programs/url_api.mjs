/** How URL and URLSearchParams take their arguments, and what they are. */

// What Node adds for itself is left out.
const members = (object) =>
  Reflect.ownKeys(object)
    .filter((key) => !String(key).includes("nodejs"))
    .sort((a, b) => (String(a) < String(b) ? -1 : 1));

const shape = (object) =>
  Object.fromEntries(
    members(object).map((key) => {
      const { value, get, set, ...property } = Object.getOwnPropertyDescriptor(
        object,
        key,
      );
      const f = value ?? get;
      return [
        String(key),
        [
          typeof value,
          typeof get,
          typeof set,
          property.enumerable,
          typeof f === "function" ? [f.name, f.length, "prototype" in f] : value,
        ],
      ];
    }),
  );

const acts = [
  () => URL("http://a"),
  () => new URL(),
  () => new URL(undefined),
  () => new URL("a", "b"),
  () => new URL(Symbol()),
  () => String(new URL({ toString: () => "http://a" })),
  () => URL.canParse(),
  () => URL.canParse("/a", "http://b"),
  () => JSON.stringify({ url: new URL("http://a") }),
  () => Object.prototype.toString.call(new URL("a:")),
  () => URL.prototype.href,
  () => URL.prototype.toString.call({}),
  () => Object.keys(new URL("http://a")),
  () => {
    const url = new URL("http://a");
    return url.searchParams === url.searchParams;
  },
  () => {
    "use strict";
    new URL("http://a").origin = "x";
  },
  () => {
    const url = new URL("http://a/");
    url.href = "nope";
  },
  () => [...new URLSearchParams("?a=1&b=2")],
  () => [...new URLSearchParams({ a: 1, b: [2] })],
  () => [
    ...new URLSearchParams([
      ["a", "b"],
      ["c", "d"],
    ]),
  ],
  () => [...new URLSearchParams(new Map([["a", "b"]]))],
  () => new URLSearchParams([["a"]]),
  () => new URLSearchParams([1]),
  () => [...new URLSearchParams(new URLSearchParams("a=b"))],
  () => String(new URLSearchParams(undefined)),
  () => new URLSearchParams("a").get(),
  () => new URLSearchParams().append("a"),
  () => String(new URLSearchParams(7)),
  () => {
    const seen = [];
    new URLSearchParams("a=1&b=2").forEach(
      function (v, k, p) {
        seen.push(v, k, p instanceof URLSearchParams, this.x);
      },
      { x: 1 },
    );
    return seen;
  },
  () => new URLSearchParams("a").forEach(1),
  () => URLSearchParams.prototype.get.call({}, "a"),
  () => {
    const p = new URLSearchParams("a=1&b=2&c=3"),
      seen = [];
    for (const [k] of p) {
      seen.push(k);
      p.delete("b");
    }
    return seen;
  },
  () => Object.prototype.toString.call(new URLSearchParams().entries()),
  () => new URLSearchParams("a=b").keys().next(),
  () =>
    URLSearchParams.prototype[Symbol.iterator] === URLSearchParams.prototype.entries,
  () => {
    class Mine extends URL {
      get twice() {
        return this.host + this.host;
      }
    }
    return new Mine("http://a").twice;
  },
  () => shape(URLSearchParams.prototype),
  () => shape(URL.prototype),
];

export function run() {
  return acts.map((act) => {
    try {
      return JSON.stringify(act()) ?? "undefined";
    } catch (error) {
      return error.name;
    }
  });
}
