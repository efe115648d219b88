/** What the web's functions refuse, by the name of what they throw. */

const detached = () => {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
};
const gone = (Type) => {
  const view = new Type(new ArrayBuffer(8));
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
};
const fakes = [
  Object.create(Uint8Array.prototype),
  Object.create(ArrayBuffer.prototype),
  Object.create(DataView.prototype),
  {},
  [],
  "a",
  1,
  null,
  new Proxy(new Uint8Array(1), {}),
  { buffer: new ArrayBuffer(1), byteOffset: 0, byteLength: 1 },
];
class Odd extends Uint8Array {
  get length() {
    return 1e9;
  }
  get byteLength() {
    return 1e9;
  }
  get buffer() {
    return 1;
  }
}
const cycle = { list: [new Date(0), /a/g, new Map([[1, new Set([2])]])] };
cycle.self = cycle;

const acts = [
  ...fakes.map((fake) => () => new TextDecoder().decode(fake)),
  ...fakes.map((fake) => () => new TextEncoder().encodeInto("a", fake)),
  () => new TextEncoder().encodeInto("aé", new Odd(2)),
  () => new TextDecoder().decode(new Odd([97, 98])),
  () => new TextDecoder().decode(detached()),
  () => new TextDecoder().decode(gone(Uint8Array)),
  () => new TextDecoder().decode(gone(DataView)),
  () => TextDecoder.prototype.decode.call({}, new Uint8Array(1)),
  () => TextDecoder(),
  () => TextEncoder(),
  ...["at", "findLast", "findLastIndex", "with"].map(
    (name) => () => gone(Int16Array)[name](0, 0),
  ),
  ...["toReversed", "toSorted"].map((name) => () => gone(Float64Array)[name]()),
  ...["at", "findLast", "toSorted", "with"].map(
    (name) => () => Uint8Array.prototype[name].call([1], 0),
  ),
  () => new Math.random(),
  () => new Object.hasOwn({}, "a"),
  () => new [].findLast(() => 1),
  () => new crypto.randomUUID(),
  () => atob(),
  () => btoa(),
  () => structuredClone(),
  () => structuredClone(new Proxy({}, {})),
  () => structuredClone({ a: [new Proxy([], {})] }),
  () => structuredClone(new Map([[1, new Proxy({}, {})]])),
  () => structuredClone(new Set([new Proxy(() => 1, {})])),
  () => structuredClone(() => 1),
  () => structuredClone(Symbol()),
  () => {
    const copy = structuredClone(cycle);
    return [
      copy.self === copy,
      copy !== cycle,
      copy.list[0].getTime(),
      copy.list[1].flags,
      copy.list[2].get(1).has(2),
    ];
  },
  () => {
    const buffer = new ArrayBuffer(4);
    const [a, b] = structuredClone([buffer, new Uint8Array(buffer)]);
    return a === b.buffer;
  },
  () => [
    Object.hasOwn({ a: 1 }, "a"),
    [1, 2].findLast((x) => x < 2),
    "ab".at(-1),
    [3, 1].toSorted(),
    [1, 2].toSpliced(0, 1),
    [1].with(0, 2),
  ],
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
