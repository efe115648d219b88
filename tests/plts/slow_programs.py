"""Programs that spend their time where V8 looks at no interrupt, or rarely."""

from __future__ import annotations

# Ordinary code first, then what only somebody who means it writes. None of them ends.
SLOW_PROGRAMS = {
    "objects that come and go": (
        "let n = 0; for (;;) { const a = []; for (let i = 0; i < 1000; i++) "
        "a.push({ i, s: 'x' + i }); n += a.length }"
    ),
    "600,000 live objects": (
        "const live = Array.from({ length: 600_000 }, (_, i) => ({ i, s: 's' + i })); "
        "for (let i = 0; ; i++) live[i % live.length] = { i, s: 's' + i }"
    ),
    "new Array(1e5).fill": "for (;;) new Array(1e5).fill(1)",
    "new Array(1e7).fill": "for (;;) new Array(1e7).fill(1)",
    "sort of a million numbers": (
        "const a = Array.from({ length: 1e6 }, (_, i) => (i * 7919) % 1_000_003); "
        "for (;;) a.slice().sort()"
    ),
    "sort of a million numbers, compared": (
        "const a = Array.from({ length: 1e6 }, (_, i) => (i * 7919) % 1_000_003); "
        "for (;;) a.slice().sort((x, y) => x - y)"
    ),
    "sort of a typed array": (
        "const a = Float64Array.from({ length: 1e6 }, (_, i) => (i * 7919) % 1e6); "
        "for (;;) a.slice().sort()"
    ),
    "replaceAll on 10 MB": (
        "const s = 'abcdefghij'.repeat(1_000_000); for (;;) s.replaceAll('a', 'xy')"
    ),
    "replace with a callback": (
        "const s = 'abcdefghij'.repeat(100_000); "
        "for (;;) s.replace(/[aeiou]/g, (m) => m + m)"
    ),
    "JSON.parse of 20 MB": (
        "const s = JSON.stringify(Array.from({ length: 200_000 }, (_, i) => "
        "({ id: i, name: 'n' + i, tags: ['a', 'b'], at: '2024-01-01T00:00:00Z', "
        "text: 'x'.repeat(20) }))); for (;;) JSON.parse(s)"
    ),
    "JSON.stringify": (
        "const o = Array.from({ length: 300_000 }, (_, i) => ({ i, s: 's' + i })); "
        "for (;;) JSON.stringify(o)"
    ),
    "split and join": (
        "const s = 'abcdefghi,'.repeat(500_000); for (;;) s.split(',').join(';')"
    ),
    "toUpperCase": (
        "const s = '\\u00e4\\u00df'.repeat(5_000_000); for (;;) (s + 'x').toUpperCase()"
    ),
    "normalize": (
        "const s = '\\u0344\\u00e9'.repeat(1_000_000); for (;;) s.normalize('NFKD')"
    ),
    "Intl.Segmenter": (
        "const s = 'The quick brown fox. '.repeat(100_000); "
        "const g = new Intl.Segmenter('en', { granularity: 'word' }); "
        "for (;;) { let n = 0; for (const _ of g.segment(s)) n++; }"
    ),
    "locale lists": (
        "const l = Array.from({ length: 100_000 }, (_, i) => "
        "'en-x-' + i.toString(36).padStart(6, 'a')); "
        "for (;;) (Intl as any).getCanonicalLocales(l)"
    ),
    "localeCompare": (
        "const a = 'a\\u0301'.repeat(3_000_000); "
        "for (;;) (a + 'b').localeCompare(a + 'c')"
    ),
    "BigInt product": "const n = 3n ** 500_000n; for (;;) n * n",
    "BigInt division": (
        "const n = 7n ** 2_000_000n, d = 3n ** 1_000_000n; for (;;) n / d"
    ),
    "BigInt to text": "const n = 7n ** 400_000n; for (;;) n.toString()",
    "splice of a huge array": (
        "const a = new Array(4_000_000).fill(1); "
        "for (;;) { a.splice(1, 1); a.splice(1, 0, 2) }"
    ),
    "unshift of a huge array": (
        "const a = new Array(3_000_000).fill(1); "
        "for (;;) { a.unshift(1, 2, 3); a.splice(0, 3) }"
    ),
    "unshift of a dictionary": (
        "const a: number[] = []; a[50_000_000] = 1; for (;;) a.unshift(1)"
    ),
    "WeakMap chain": (
        "for (;;) { const m = new WeakMap(); const first = {}; let k: object = first; "
        "for (let i = 0; i < 50_000; i++) { const next = {}; m.set(k, next); "
        "k = next } }"
    ),
    "console.count": "for (let i = 0; ; i++) console.count('label ' + i)",
    "1e6 alternatives": (
        "for (let i = 0; ; i++) new RegExp(Array.from({ length: 1e6 }, (_, k) => "
        "'a' + k).join('|') + i).test('b')"
    ),
    "fill of a typed array": ("const a = new Uint8Array(1e8); for (;;) a.fill(1)"),
    "copyWithin of a typed array": (
        "const a = new Float64Array(1.5e7); for (;;) a.copyWithin(1, 0)"
    ),
    "set of a typed array": (
        "const a = new Float64Array(1e7), b = new Float64Array(1e7); for (;;) a.set(b)"
    ),
    "buffers that come and go": "for (;;) new Float64Array(1e6).fill(1)",
    "structuredClone": (
        "const o = Array.from({ length: 50_000 }, (_, i) => ({ i, s: 's' + i })); "
        "for (;;) structuredClone(o)"
    ),
    "spread": "const a = new Array(1_000_000).fill(1); for (;;) [...a, ...a]",
    "concatenation of strings": (
        "for (;;) { let s = 'x'; while (s.length < 2e7) s += s; s.indexOf('y') }"
    ),
    "indexOf in a long string": (
        "const s = 'ab'.repeat(10_000_000); for (;;) s.indexOf('ba'.repeat(50) + 'c')"
    ),
    "Map of a million": (
        "const e = Array.from({ length: 500_000 }, (_, i) => [i, i] as const); "
        "for (;;) new Map(e)"
    ),
    "Object.entries": (
        "const o: Record<string, number> = {}; for (let i = 0; i < 300_000; i++) "
        "o['k' + i] = i; for (;;) Object.entries(o)"
    ),
    "decodeURIComponent": (
        "const s = '%61'.repeat(5_000_000); for (;;) decodeURIComponent(s)"
    ),
    "regular expression": "for (;;) /^(a+)+$/.test('a'.repeat(50) + 'b')",
    "regular expression on 20 MB": (
        "const s = 'a'.repeat(20_000_000); for (;;) /b|c$/.test(s)"
    ),
    "date format": "for (;;) new Date().toLocaleString('en')",
}

# Of these V8 does not come back in time: a single step of theirs takes too long, or V8
# looks only once in thousands of such steps. What `limits.md` says of them.
MAY_LOSE_THE_SESSION = {
    "new Array(1e7).fill",
    "JSON.parse of 20 MB",
    "toUpperCase",
    "normalize",
    "Intl.Segmenter",
    "locale lists",
    "localeCompare",
    "unshift of a dictionary",
    "1e6 alternatives",
    "fill of a typed array",
    "copyWithin of a typed array",
    "decodeURIComponent",
}
