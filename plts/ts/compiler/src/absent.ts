/** Says why a global that people know from elsewhere does not exist here. */

const reasons: readonly (readonly [names: string, reason: string])[] = [
  [
    "setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate " +
      "requestAnimationFrame requestIdleCallback",
    "There are no timers: a call ends when nothing is left to do. To wait, " +
      "call pg_sleep in SQL; to run code later, queueMicrotask.",
  ],
  [
    "fetch XMLHttpRequest WebSocket EventSource navigator",
    "Functions have no network: they run inside a transaction of the database.",
  ],
  [
    "process Deno Bun Worker",
    "Functions start no processes and see no environment: settings of the session " +
      "are read in SQL.",
  ],
  [
    "require module exports __dirname __filename",
    "There are no files and no CommonJS modules: import what you need.",
  ],
  ["Buffer", "Bytes are a Uint8Array; TextEncoder and TextDecoder make and read text."],
  [
    "WebAssembly SharedArrayBuffer Atomics",
    "It is left out on purpose: there is one thread, and code is TypeScript.",
  ],
  ["window document self global", "The global object is globalThis, and it is frozen."],
  [
    "localStorage sessionStorage indexedDB",
    "State belongs into tables: nothing else outlives a call for sure.",
  ],
  [
    "alert prompt",
    "Nobody sits there to answer: console.log writes to the server's log.",
  ],
];

const byName = new Map(
  reasons.flatMap(([names, reason]) => names.split(" ").map((name) => [name, reason])),
);

/** The reason, where there is one to give. */
export function whyAbsent(name: string): string | undefined {
  return byName.get(name);
}

/** The reason why a member is not there, where a message says that it is not. */
export function whyNoMember(message: string): string | undefined {
  return /(?:does not exist on|to index) type 'RegExpConstructor'/.test(message)
    ? "The last match is not kept, for other functions would see it: exec() and " +
        "match() return it."
    : undefined;
}
