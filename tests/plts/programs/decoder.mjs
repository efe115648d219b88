/** Random bytes in random pieces through TextDecoder, and texts through TextEncoder. */

const known = [
  0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0,
  0xe1, 0xed, 0xee, 0xef, 0xbb, 0xf0, 0xf1, 0xf4, 0xf5, 0xf8, 0xff, 0xe2, 0x82, 0xac,
];
const letters = ["a", "é", "€", "😀", "\ud83d", "\ude00", "\0", "\ufeff"];

export function run(seed) {
  const { below, pick } = randomOf(seed);
  const results = [];
  for (let i = 0; i < 4000; i++) {
    const decoder = new TextDecoder("utf-8", {
      fatal: below(2) === 1,
      ignoreBOM: below(2) === 1,
    });
    const log = [];
    for (let n = 0; n < 4; n++) {
      const bytes = Uint8Array.from({ length: below(5) }, () =>
        below(5) ? pick(known) : below(256),
      );
      const input = pick([
        bytes,
        bytes.buffer,
        new DataView(bytes.buffer),
        new Uint8Array([0, ...bytes]).subarray(1),
      ]);
      const stream = n < 3 && below(3) > 0;
      let text;
      try {
        text = decoder.decode(input, { stream });
      } catch (error) {
        text = error.name;
      }
      log.push([[...bytes], stream, text]);
    }
    results.push(JSON.stringify(log));
  }
  for (let i = 0; i < 1000; i++) {
    const text = Array.from({ length: below(6) }, () => pick(letters)).join("");
    const into = new Uint8Array(below(10));
    results.push(
      JSON.stringify([
        text,
        [...new TextEncoder().encode(text)],
        new TextEncoder().encodeInto(text, into),
        [...into],
      ]),
    );
  }
  return results;
}
