/**
 * The realm: what every context of the database is made from.
 *
 * Evaluated once, in the snapshot builder; its completion value is kept by C++ and never
 * handed to user code.
 */

import "./polyfill.js";
import { codeOf, readDataUrl } from "../../shared/data-url.js";
import * as runtimeModule from "@stopgap/runtime";
import { callWithCtx, makeCtx } from "./call.js";
import { contextClasses } from "./context.js";
import { setDocumentTraps } from "./document.js";
import { describeError } from "./describe-error.js";
import { eventTriggerClasses } from "./event-trigger.js";
import { withoutOurFrames } from "./stack.js";
import { defineGlobals } from "./globals.js";
import { finishLockdown, lockdown } from "./lockdown.js";
import { installNatives, type Natives } from "./natives.js";
import { schemaSamples } from "./schema-samples.js";
import { startClock } from "./performance.js";
import { openRows } from "./rows.js";
import { triggerClasses } from "./trigger.js";
import { windowClasses } from "./window.js";

const runtime: Readonly<Record<string, unknown>> = Object.freeze({ ...runtimeModule });

function makeSqlError(fields: runtimeModule.SqlErrorFields): Error {
  return withoutOurFrames(runtimeModule.SqlError.of(fields));
}

/** Makes a deserialized context ready; once, before any user code. */
function install(natives: Natives): void {
  installNatives(natives);
  startClock();
  finishLockdown();
}

const hidden = defineGlobals();
lockdown([
  runtime,
  ...contextClasses,
  ...triggerClasses,
  ...eventTriggerClasses,
  ...windowClasses,
  ...hidden,
  ...schemaSamples(runtimeModule.v),
]);

/** The JavaScript of the module that a `data:` URL is. */
function dataModule(url: string): string {
  const module = readDataUrl(url);
  if ("fault" in module)
    throw new TypeError(`the data: URL is no module: ${module.fault}`);
  return codeOf(module);
}

export const realm = Object.freeze({
  install,
  runtime,
  makeCtx,
  callWithCtx,
  openRows,
  makeSqlError,
  describeError,
  dataModule,
  setDocumentTraps,
});
