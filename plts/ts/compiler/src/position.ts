/** Offsets of JavaScript strings, as people and PostgreSQL count them. */

export interface Place {
  line: number;
  column: number;
  /** Characters, not UTF-16 units, from the beginning; all three are one-based. */
  position: number;
}

/** Where an offset is in a text. */
export function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, Math.max(0, Math.min(offset, text.length)));
  const lines = before.split(/\r\n|[\n\r\u2028\u2029]/);
  return {
    line: lines.length,
    column: characters(lines[lines.length - 1] ?? "") + 1,
    position: characters(before) + 1,
  };
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
