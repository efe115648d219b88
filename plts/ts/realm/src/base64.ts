/** `atob` and `btoa`: base64 of strings whose characters are bytes. */

import { DOMException } from "./dom-exception.js";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const values = new Map([...alphabet].map((character, value) => [character, value]));

/** The bytes, as a string, that base64 text stands for. */
export function atob(data: string): string {
  let text = String(data).replace(/[\t\n\f\r ]/g, "");
  if (text.length % 4 === 0) text = text.replace(/={1,2}$/, "");
  if (text.length % 4 === 1) throw invalid("the text is not correctly encoded");
  let result = "";
  let bits = 0;
  let pending = 0;
  for (const character of text) {
    const value = values.get(character);
    if (value === undefined) throw invalid("the text is not correctly encoded");
    bits = ((bits << 6) | value) & 0xffff;
    pending += 6;
    if (pending < 8) continue;
    pending -= 8;
    result += String.fromCharCode((bits >> pending) & 0xff);
  }
  return result;
}

/** The base64 text of a string whose characters are bytes. */
export function btoa(data: string): string {
  const text = String(data);
  let result = "";
  for (let i = 0; i < text.length; i += 3) {
    const [first, second, third] = [
      byteAt(text, i),
      byteAt(text, i + 1),
      byteAt(text, i + 2),
    ];
    const bits = (first << 16) | (second << 8) | third;
    result += alphabet.charAt(bits >> 18) + alphabet.charAt((bits >> 12) & 63);
    result += i + 1 < text.length ? alphabet.charAt((bits >> 6) & 63) : "=";
    result += i + 2 < text.length ? alphabet.charAt(bits & 63) : "=";
  }
  return result;
}

function byteAt(text: string, index: number): number {
  if (index >= text.length) return 0;
  const code = text.charCodeAt(index);
  if (code > 0xff) throw invalid("the text has characters that are no bytes");
  return code;
}

function invalid(message: string): Error {
  return new DOMException(message, "InvalidCharacterError");
}
