/** Regular expressions by hand: what each function returns, or throws, is compared. */

// RegExp.prototype is frozen, and so nothing can be assigned over its exec.
const own = (re, value) => Object.defineProperty(re, "exec", { value });

const acts = [
  () => {
    const re = /\d/g;
    return "1a2".replace(re, (m) => {
      re.test("x");
      return m + "!";
    });
  },
  () => {
    const re = /\{(\w+)\}/g;
    const render = (text, depth) =>
      text.replace(re, (_, name) =>
        depth > 0 ? render(`<{${name}}>`, depth - 1) : name,
      );
    return render("{a} and {b}", 2);
  },
  () => {
    const re = /a/g;
    const seen = [];
    const result = "banana".replace(re, (m, at) => {
      seen.push(re.lastIndex);
      re.lastIndex = 9;
      return at;
    });
    return [result, seen, re.lastIndex];
  },
  () => {
    const re = /a/g;
    return [
      "banana".replace(re, () => {
        re.compile("n", "g");
        return "-";
      }),
      re.source,
      re.lastIndex,
    ];
  },
  () => "aba".replace(/a/g, () => Symbol("x")),
  () => "aba".replace(/a/, Symbol("x")),
  () => /a/[Symbol.replace](Symbol("x"), ""),
  () => "a-b".replace(/-/, { toString: () => "[$&]" }),
  () => {
    const log = [];
    "a".replace({ [Symbol.replace]: (...all) => log.push(all) }, "b");
    return log;
  },
  () => "aaa".replaceAll(/a/, "b"),
  () => "aaa".matchAll(/a/),
  () => {
    const re = /a/gy;
    re.lastIndex = 1;
    return ["aaba".replace(re, "-"), re.lastIndex];
  },
  () => {
    const re = /a/y;
    re.lastIndex = 1;
    return ["aaba".replace(re, "-"), re.lastIndex, "b".replace(re, "-"), re.lastIndex];
  },
  () => {
    const re = Object.freeze(/a/g);
    return "a".replace(re, "b");
  },
  () => {
    const re = /a/g;
    Object.defineProperty(re, "lastIndex", { writable: false, value: 1 });
    return "aba".match(re);
  },
  () => {
    const re = /(?<=$)/g;
    return [
      "😀a".replace(re, "|"),
      "😀".match(/(?:)/gu),
      "😀".match(/(?:)/g),
      "😀".split(/(?:)/u),
    ];
  },
  () =>
    "2024-02-29".replace(/(?<y>\d+)-(?<m>\d+)-(?<d>\d+)/, "$<d>.$<m>.$<y> $<none>$<"),
  () => "ab".replace(/(?<x>a)(?<y>z)?/, (...all) => JSON.stringify(all)),
  () => JSON.stringify(/(?<x>a)(?<y>z)?/d.exec("ba").indices.groups),
  () => {
    class Loud extends RegExp {
      exec(text) {
        const m = super.exec(text);
        if (m) m[0] = m[0].toUpperCase();
        return m;
      }
    }
    return [
      "xaxa".match(new Loud("a")),
      "xa".match(new Loud("a", "g")),
      "xaxa".replace(new Loud("a", "g"), "[$&]"),
      "a-b".split(new Loud("-")),
      [..."xaxa".matchAll(new Loud("a", "g"))].map(String),
      new Loud("a").test("a"),
    ];
  },
  () => {
    class Other extends RegExp {
      static get [Symbol.species]() {
        return class extends RegExp {
          exec() {
            return null;
          }
        };
      }
    }
    return [
      "a-b".split(new Other("-")),
      [..."a-b".matchAll(new Other("-", "g"))].length,
    ];
  },
  () => {
    const re = own(/a/g, () => null);
    return ["aaa".replace(re, "b"), "aaa".match(re), re.test("a"), "aaa".search(re)];
  },
  () => own(/a/g, () => 1).test("a"),
  () => {
    let n = 0;
    const re = own(/a/, () =>
      n++ ? null : { index: 1, length: 3, 0: "b", 1: "c", 2: undefined },
    );
    return "abcd".replace(re, "<$1$2$3>");
  },
  () => {
    const log = [];
    const fake = {
      get flags() {
        log.push("flags");
        return "gu";
      },
      set lastIndex(i) {
        log.push(i);
      },
      get lastIndex() {
        return 0;
      },
      exec() {
        log.push("exec");
        return log.length > 6 ? null : Object.assign([""], { index: 0 });
      },
    };
    return [RegExp.prototype[Symbol.replace].call(fake, "ab", "-"), log];
  },
  () => {
    const re = /b/g;
    re.lastIndex = {
      valueOf() {
        return 2;
      },
    };
    return [re.test("bab"), re.lastIndex];
  },
  () => ["abc".search(/c/g), "abc".search(/z/), "abc".search("b"), "".search(/$/)],
  () => {
    const re = /b/g;
    re.lastIndex = 5;
    return ["abc".search(re), re.lastIndex];
  },
  () => [
    "a1b2".split(/(\d)/),
    "a1b2".split(/(\d)/, 2),
    "".split(/a/),
    "".split(/(?:)/),
    "abc".split(/(?:)/, -1),
    "abc".split(/b/, 2 ** 32 + 1),
  ],
  () => {
    let n = 0;
    "abc".split({ [Symbol.split]: () => n++ });
    return [
      "abc".split(/b/, {
        valueOf() {
          n++;
          return 1;
        },
      }),
      n,
    ];
  },
  () => {
    const it = "a1b2".matchAll(/\d/g);
    const first = it.next();
    return [first.value.index, [...it].length, Object.prototype.toString.call(it)];
  },
  () => {
    const re = /\d/g;
    re.lastIndex = 2;
    const all = [..."1a2".matchAll(re)];
    return [all.map((m) => m.index), re.lastIndex];
  },
  () =>
    [
      "exec",
      "test",
      "toString",
      "compile",
      Symbol.match,
      Symbol.matchAll,
      Symbol.replace,
      Symbol.search,
      Symbol.split,
    ]
      .map((key) => RegExp.prototype[key])
      .map((f) => [f.name, f.length, "prototype" in f]),
  () =>
    Object.getOwnPropertyNames(RegExp.prototype).filter(
      (name) => name !== "unicodeSets",
    ),
  () => RegExp("["),
  () => RegExp.prototype.test.call({ exec: () => ({}) }, ""),
  () => RegExp.prototype.exec.call({}, "a"),
  () => String(RegExp.prototype) + RegExp.prototype.flags + RegExp.prototype.source,
  () => RegExp[Symbol.species] === RegExp,
  () => [
    /[/]\n/.source,
    RegExp("/").source,
    String(new RegExp("\n")),
    new RegExp(/a/g, "i").flags,
  ],
  () => {
    let text = "";
    for (let i = 0; i < 3000; i++) text += i + ",";
    const re = /\d+/g;
    let calls = 0;
    const out = text.replace(re, (m) => {
      calls++;
      if (calls === 7) re.lastIndex = 0;
      return m.length;
    });
    return [out.length, calls];
  },
];

export function run() {
  return acts.map((act) => {
    try {
      const shown = (_, v) => (typeof v === "symbol" ? String(v) : v);
      return JSON.stringify(act(), shown) ?? "undefined";
    } catch (error) {
      return error.name;
    }
  });
}
