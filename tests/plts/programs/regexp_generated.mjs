/**
 * Expressions, texts and replacements put together at random, each run by every method,
 * with callbacks that disturb the expression that is being matched.
 */

const atoms = [
  "a",
  "b",
  "[ab]",
  ".",
  "\\d",
  "\\w",
  "\\b",
  "^",
  "$",
  "(?:)",
  "(a)",
  "(?<x>b)",
  "(b|)",
  "a*",
  "a*?",
  "(?=a)",
  "(?<=b)",
  "(?!b)",
  "(?<!a)",
  "\\1",
  "[^]",
  "😀",
  "\\ud83d",
  "a{2}",
  "|",
  "(a|(b))",
  "\\s+",
  "[^a]",
];
const letters = ["a", "b", "ab", "1", " ", "\n", "😀", "\ud83d", "é", "A", "", "aa"];
const allFlags = [
  "",
  "g",
  "y",
  "gy",
  "i",
  "gi",
  "u",
  "gu",
  "giu",
  "gm",
  "s",
  "gs",
  "d",
  "gd",
  "yu",
  "gyu",
];
const signs = [
  "$",
  "$&",
  "$1",
  "$2",
  "$01",
  "$10",
  "$`",
  "$'",
  "$<x>",
  "$<",
  "-",
  "",
  "$0",
  "$$",
];

export function run(seed) {
  const { below, pick } = randomOf(seed);
  const some = (list, most) =>
    Array.from({ length: below(most + 1) }, () => pick(list)).join("");
  const results = [];
  while (results.length < 6000) {
    const source = some(atoms, 4),
      flags = pick(allFlags),
      text = some(letters, 6),
      by = some(signs, 3);
    let re;
    try {
      re = new RegExp(source, flags);
    } catch {
      continue;
    }
    const start = below(4) - 1;
    const disturb = pick([
      () => {},
      () => {
        re.lastIndex = 0;
      },
      () => {
        re.test("ab");
      },
      () => {
        re.compile("b", "g");
      },
      () => {
        text.replace(re, "x");
      },
      () => {
        re.lastIndex = 1e9;
      },
    ]);
    const acts = {
      exec: () => {
        const m = re.exec(text);
        return m && [m, m.index, m.groups, m.indices];
      },
      test: () => re.test(text),
      search: () => text.search(re),
      match: () => text.match(re),
      matchAll: () => {
        const all = [];
        for (const m of text.matchAll(re)) {
          all.push([m, m.index]);
          disturb();
        }
        return all;
      },
      replace: () => text.replace(re, by),
      callback: () =>
        text.replace(re, (...found) => {
          disturb();
          return JSON.stringify(found);
        }),
      replaceAll: () =>
        text.replaceAll(re, (m, ...rest) => {
          disturb();
          return pick([m, rest.length, undefined]);
        }),
      split: () => text.split(re, pick([undefined, 0, 1, 2, -1])),
    };
    for (const [name, act] of Object.entries(acts)) {
      re.compile(source, flags);
      re.lastIndex = start;
      let outcome;
      try {
        outcome = act();
      } catch (error) {
        outcome = error.name;
      }
      results.push(
        JSON.stringify([
          name,
          source,
          flags,
          text,
          by,
          start,
          outcome,
          re.lastIndex,
          re.source,
        ]),
      );
    }
  }
  return results;
}
