/** `atob` and `btoa`. */

import { decodeBase64, encodeBase64 } from "../../shared/base64.js";
import { DOMException } from "./dom-exception.js";

/** The bytes, as a string, that base64 text stands for. */
export function atob(data: string): string {
  if (arguments.length === 0) throw new TypeError("atob() takes a text");
  return decodeBase64(String(data)) ?? invalid("the text is not correctly encoded");
}

/** The base64 text of a string whose characters are bytes. */
export function btoa(data: string): string {
  if (arguments.length === 0) throw new TypeError("btoa() takes a text");
  return encodeBase64(String(data)) ?? invalid("the text has characters beyond U+00FF");
}

function invalid(message: string): never {
  throw new DOMException(message, "InvalidCharacterError");
}
