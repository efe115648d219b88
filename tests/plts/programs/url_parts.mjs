/** What URLs are made of: `[input, base]` in, all parts or the name of the error out. */

const parts = [
  "href",
  "origin",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
];

export function run(cases) {
  return cases.map(([input, base]) => {
    try {
      const url = base === null ? new URL(input) : new URL(input, base);
      return Object.fromEntries(parts.map((part) => [part, url[part]]));
    } catch (error) {
      return error.name;
    }
  });
}
