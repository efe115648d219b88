/** How C++ calls a function: with a `ctx` of the kind that the call asks for. */

import type { FunctionIdentity } from "@stopgap/runtime";
import { Ctx, type Mode } from "./context.js";
import { EventTriggerCtx, type EventInfo } from "./event-trigger.js";
import { TriggerCtx, type TriggerInfo } from "./trigger.js";
import { WindowCtx } from "./window.js";

/** What a call has beside its arguments, where it is no plain one. */
export type Extra = TriggerInfo | EventInfo | "window";

/** `ctx.args` of calls that have none: C++ does not make one for them. */
const noArgs = Object.freeze({ length: 0 });

/** The context of one call. */
export function makeCtx(
  token: number,
  fn: FunctionIdentity,
  args: unknown,
  mode: Mode,
  extra?: Extra,
): Ctx {
  if (extra === undefined) return new Ctx(token, fn, args, mode);
  const given = args === undefined ? noArgs : args;
  if (extra === "window") return new WindowCtx(token, fn, given, mode);
  return "tag" in extra
    ? new EventTriggerCtx(token, fn, given, mode, extra)
    : new TriggerCtx(token, fn, given, mode, extra);
}

/** Calls a handler with the context of one call: one crossing from C++. */
export function callWithCtx(
  handler: (ctx: Ctx) => unknown,
  token: number,
  fn: FunctionIdentity,
  args: unknown,
  mode: Mode,
  extra?: Extra,
): unknown {
  return handler(makeCtx(token, fn, args, mode, extra));
}
