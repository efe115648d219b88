/** Base64 of strings whose characters are bytes, as the web's standard has it. */

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const values = new Map([...alphabet].map((character, value) => [character, value]));

/** The bytes, as a string, that base64 text stands for; undefined where it is none. */
export function decodeBase64(data: string): string | undefined {
  let text = data.replace(/[\t\n\f\r ]/g, "");
  if (text.length % 4 === 0) text = text.replace(/={1,2}$/, "");
  if (text.length % 4 === 1) return undefined;
  let result = "";
  let bits = 0;
  let pending = 0;
  for (const character of text) {
    const value = values.get(character);
    if (value === undefined) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    pending += 6;
    if (pending < 8) continue;
    pending -= 8;
    result += String.fromCharCode((bits >> pending) & 0xff);
  }
  return result;
}

/** The base64 text of bytes; undefined where a character is no byte. */
export function encodeBase64(text: string): string | undefined {
  let result = "";
  for (let i = 0; i < text.length; i += 3) {
    const left = text.length - i;
    const first = text.charCodeAt(i);
    const second = left > 1 ? text.charCodeAt(i + 1) : 0;
    const third = left > 2 ? text.charCodeAt(i + 2) : 0;
    if ((first | second | third) > 0xff) return undefined;
    const bits = (first << 16) | (second << 8) | third;
    result += alphabet.charAt(bits >> 18) + alphabet.charAt((bits >> 12) & 63);
    result += left > 1 ? alphabet.charAt((bits >> 6) & 63) : "=";
    result += left > 2 ? alphabet.charAt(bits & 63) : "=";
  }
  return result;
}
