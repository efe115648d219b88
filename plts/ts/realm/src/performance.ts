/** `performance.now`: milliseconds since this context was made. */

import { natives } from "./natives.js";

let origin = 0;

/** Starts the clock of a fresh context. */
export function startClock(): void {
  origin = natives().monotonicMs();
}

export const performance = {
  now(): number {
    return natives().monotonicMs() - origin;
  },
};
