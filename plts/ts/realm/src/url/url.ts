/**
 * `URL` and `URLSearchParams`: those of the package whatwg-url, the standard's reference.
 *
 * Parts of it are replaced when the realm is bundled (see scripts/url-parts.mjs): how it
 * converts its arguments, and reads and writes UTF-8.
 */

import * as interfaces from "whatwg-url/webidl2js-wrapper.js";

const made = { Array, Object, Promise, String, TypeError } as Record<string, unknown>;
interfaces.URL.install(made, ["Window"]);
interfaces.URLSearchParams.install(made, ["Window"]);

export const { URL, URLSearchParams } = made;
