/** UTF-8 as whatwg-url asks for it: what encodes it elsewhere is made by this realm. */

import { natives } from "../natives.js";

export function utf8Encode(text: string): Uint8Array {
  // While the realm is built there are no natives, and no more to encode.
  return text === "" ? new Uint8Array(0) : natives().utf8Encode(text);
}

export function utf8DecodeWithoutBOM(bytes: Uint8Array): string {
  return natives().utf8Decode(bytes, false);
}

/** A query, which is UTF-8 here, with its control characters and those of `more` escaped. */
export function percentEncodeAfterEncoding(
  _encoding: string,
  text: string,
  more: string,
): string {
  let result = "";
  for (const character of text) {
    result +=
      /[^ -~]/.test(character) || more.includes(character)
        ? percentEncode(character)
        : character;
  }
  return result;
}

function percentEncode(character: string): string {
  let result = "";
  for (const byte of utf8Encode(character)) {
    result += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return result;
}
