/** URLs, what setters make of them, and search parameters, put together at random. */

const pieces = [
  "http:",
  "https:",
  "file:",
  "ws:",
  "ftp:",
  "mailto:",
  "data:",
  "blob:",
  "HTTP:",
  "x-y:",
  "//",
  "/",
  "\\",
  "///",
  "@",
  ":",
  ":80",
  ":443",
  ":0",
  ":65536",
  "?",
  "#",
  "a",
  "b.c",
  "localhost",
  "C:",
  "c|",
  ".",
  "..",
  "%2e",
  "%2E%2e",
  "%00",
  "%7f",
  "%zz",
  "%F0%9F%98%80",
  " ",
  "\t",
  "\n",
  "é",
  "ß",
  "ſ",
  "ﬁ",
  "😀",
  "\ud83d",
  "ａ",
  "。",
  "１",
  "[::1]",
  "[1:2::3.4.5.6]",
  "[",
  "]",
  "1.2.3.4",
  "0x7f.1",
  "256.1",
  "1e1",
  "0x",
  "a_b",
  "-",
  "--",
  "user:pw",
  "<",
  ">",
  "'",
  '"',
  "`",
  "{",
  "}",
  "|",
  "~",
  "&",
  "=",
  "+",
  ";",
  ",",
  "$",
  "\u0000",
  "\u00ad",
  "\u200d",
  "日本",
  "example.com",
  "foo/bar",
];
const bases = [
  undefined,
  "http://user:p@host:81/a/b?q#h",
  "file:///C:/dir/x",
  "file://server/share",
  "https://é.de/",
  "x://h/p",
];
const members = [
  "href",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
];
const all = [...members, "origin"];
const texts = [
  "a",
  "b",
  "",
  " ",
  "+",
  "%20",
  "%",
  "&",
  "=",
  "é",
  "😀",
  "\ud83d",
  "a=b",
  "%C3%A9",
  "%ff",
  "\u0000",
  "?",
  "#",
  "~",
  "*",
  "'",
];

const shown = (url) => all.map((name) => url[name]);

export function run(seed) {
  const { below, pick } = randomOf(seed);
  const some = (list, most) =>
    Array.from({ length: below(most + 1) }, () => pick(list)).join("");
  const results = [];
  const outcome = (...given) => {
    const act = given.pop();
    let found;
    try {
      found = act();
    } catch (error) {
      found = error.name;
    }
    results.push(JSON.stringify([...given, found]));
  };
  for (let i = 0; i < 4000; i++) {
    const input = pick(["", "http://", "https:", "file:", "file://"]) + some(pieces, 6),
      base = pick(bases);
    outcome("parse", input, base, () => shown(new URL(input, base)));
    const start = pick(bases.slice(1)),
      member = pick(members),
      value = member === "port" ? below(70000) + some(pieces, 2) : some(pieces, 4);
    outcome("set", start, member, value, () => {
      const url = new URL(start);
      url[member] = value;
      return shown(url);
    });
  }
  for (let i = 0; i < 1500; i++) {
    const init = Array.from({ length: below(4) }, () => some(texts, 2)).join(
      pick(["&", "=", "&&"]),
    );
    const name = some(texts, 1),
      value = some(texts, 2);
    outcome("search", init, name, value, () => {
      const url = new URL("http://h/?" + init),
        params = url.searchParams,
        log = [];
      const acts = {
        append: () => params.append(name, value),
        delete: () => params.delete(name),
        delete2: () => params.delete(name, value),
        get: () => params.get(name),
        getAll: () => params.getAll(name),
        has: () => params.has(name),
        has2: () => params.has(name, value),
        set: () => params.set(name, value),
        sort: () => params.sort(),
        size: () => params.size,
        each: () => [...params],
        search: () => {
          url.search = value;
        },
        text: () => params.toString(),
      };
      for (let n = 0; n < 4; n++) {
        const act = pick(Object.keys(acts));
        log.push([act, acts[act](), url.href]);
      }
      return log;
    });
  }
  return results;
}
