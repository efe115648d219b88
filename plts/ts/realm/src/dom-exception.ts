/**
 * `DOMException`, the class of what `structuredClone` and `atob` throw.
 *
 * Made global by its polyfill, for those that follow; taken away again by `globals.ts`.
 */

import "core-js/modules/web.dom-exception.constructor.js";
import "core-js/modules/web.dom-exception.to-string-tag.js";

type Constructor = new (message: string, name: string) => Error;

export const { DOMException } = globalThis as unknown as { DOMException: Constructor };
