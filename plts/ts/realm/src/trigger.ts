/** `ctx` of triggers. */

import type {
  FunctionIdentity,
  Trigger as TriggerType,
  TriggerRow,
} from "@stopgap/runtime";
import { Ctx, type Mode } from "./context.js";
import { natives } from "./natives.js";

/** What is the same in each call of a trigger for one operation; made by C++. */
export type TriggerInfo = Omit<TriggerType, "new" | "old">;

// A misspelt column is an error where it is assigned.
const seal = Object.preventExtensions;

/** Rows are made when they are first asked for, their columns when they are read. */
class Trigger implements TriggerType {
  readonly name: string;
  readonly when: TriggerType["when"];
  readonly level: TriggerType["level"];
  readonly operation: TriggerType["operation"];
  readonly table: string;
  readonly schema: string;
  readonly relid: number;
  readonly args: readonly string[];
  readonly #token: number;
  #new: TriggerRow | null | undefined;
  #old: TriggerRow | null | undefined;

  constructor(token: number, info: TriggerInfo) {
    this.name = info.name;
    this.when = info.when;
    this.level = info.level;
    this.operation = info.operation;
    this.table = info.table;
    this.schema = info.schema;
    this.relid = info.relid;
    this.args = info.args;
    this.#token = token;
  }

  // Null where there is none, which the type leaves out: most triggers know that there is.
  get new(): TriggerRow {
    if (this.#new === undefined) this.#new = seal(natives().triggerNew(this.#token));
    return this.#new as TriggerRow;
  }

  set new(row: TriggerRow) {
    natives().setTriggerNew(this.#token, row);
    this.#new = row;
  }

  get old(): TriggerRow {
    if (this.#old === undefined) this.#old = seal(natives().triggerOld(this.#token));
    return this.#old as TriggerRow;
  }
}

export class TriggerCtx extends Ctx {
  readonly trigger: Trigger;

  constructor(
    token: number,
    fn: FunctionIdentity,
    args: unknown,
    mode: Mode,
    info: TriggerInfo,
  ) {
    super(token, fn, args, mode);
    this.trigger = new Trigger(token, info);
  }
}

/** What the realm freezes because user code can reach it through a `ctx`. */
export const triggerClasses = [TriggerCtx, Trigger];
