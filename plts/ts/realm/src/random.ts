/**
 * `Math.random` of our own: xorshift128+, seeded from the operating system at first use.
 *
 * V8 seeds its own per isolate, and isolates are inherited by fork: every backend of a
 * prewarmed server would draw the same numbers.
 */

import { natives } from "./natives.js";

// Both halves of each 64-bit word as unsigned 32-bit numbers: BigInt would be slow.
let seeded = false;
let aHigh = 0;
let aLow = 0;
let bHigh = 0;
let bLow = 0;

function seed(): void {
  const bytes = new Uint8Array(16);
  natives().random(bytes);
  const words = new DataView(bytes.buffer);
  aHigh = words.getUint32(0);
  aLow = words.getUint32(4);
  bHigh = words.getUint32(8);
  // The state must not be all zero.
  bLow = (words.getUint32(12) | 1) >>> 0;
  seeded = true;
}

/** A number from 0 up to, but not including, 1, with 53 random bits. */
export function random(): number {
  if (!seeded) seed();
  let high = aHigh;
  let low = aLow;
  const high2 = bHigh;
  const low2 = bLow;
  aHigh = high2;
  aLow = low2;
  // a ^= a << 23
  const shiftedHigh = (high << 23) | (low >>> 9);
  const shiftedLow = low << 23;
  high ^= shiftedHigh;
  low ^= shiftedLow;
  // b = a ^ b ^ (a >>> 17) ^ (b >>> 26)
  const newHigh = high ^ high2 ^ (high >>> 17) ^ (high2 >>> 26);
  const newLow =
    low ^ low2 ^ ((low >>> 17) | (high << 15)) ^ ((low2 >>> 26) | (high2 << 6));
  bHigh = newHigh >>> 0;
  bLow = newLow >>> 0;
  const sumLow = bLow + low2;
  const sumHigh = (bHigh + high2 + (sumLow > 0xffffffff ? 1 : 0)) >>> 0;
  return (sumHigh * 0x200000 + ((sumLow >>> 0) >>> 11)) / 0x20000000000000;
}
