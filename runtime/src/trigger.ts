/** The types of triggers: what `ctx.trigger` and `ctx.event` are. */

import type { Ctx } from "./context.js";

/** A row by column name. Which table it is of is not known when a function is made. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type TriggerRow = Record<string, any>;

/** `ctx.args` of what is called without arguments. */
export interface NoArgs {
  readonly length: 0;
}

/** What fired a trigger. */
export interface Trigger<Row extends object = TriggerRow> {
  /** The name of the trigger, not of its function. */
  readonly name: string;
  readonly when: "BEFORE" | "AFTER" | "INSTEAD OF";
  readonly level: "ROW" | "STATEMENT";
  readonly operation: "INSERT" | "UPDATE" | "DELETE" | "TRUNCATE";
  readonly table: string;
  readonly schema: string;
  /** The table's oid. */
  readonly relid: number;
  /** What CREATE TRIGGER passes to the function. */
  readonly args: readonly string[];
  /**
   * The row as it will be. A BEFORE or INSTEAD OF trigger changes it in place.
   * Null in DELETE and in triggers for each statement.
   */
  new: Row;
  /** The row as it was. Null in INSERT and in triggers for each statement. */
  readonly old: Row;
}

/** The `ctx` of a function that RETURNS trigger. */
export interface TriggerCtx<Row extends object = TriggerRow> extends Ctx<NoArgs> {
  readonly trigger: Trigger<Row>;
}

/**
 * What a trigger may return. Only BEFORE and INSTEAD OF row triggers are asked: nothing
 * goes on with `ctx.trigger.new` as it stands, null skips the row, an object replaces it.
 */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type
export type TriggerResult = object | null | undefined | void;

/** What a command did to one object, as pg_event_trigger_ddl_commands() has it. */
export interface DdlCommand {
  classid: number;
  objid: number;
  objsubid: number;
  command_tag: string;
  object_type: string;
  schema_name: string | null;
  object_identity: string;
  in_extension: boolean;
}

/** An object that was dropped, as pg_event_trigger_dropped_objects() has it. */
export interface DroppedObject {
  classid: number;
  objid: number;
  objsubid: number;
  original: boolean;
  normal: boolean;
  is_temporary: boolean;
  object_type: string;
  schema_name: string | null;
  object_name: string | null;
  object_identity: string;
  address_names: string[];
  address_args: string[];
}

/** What fired an event trigger. */
export interface EventTrigger {
  readonly event:
    "ddl_command_start" | "ddl_command_end" | "sql_drop" | "table_rewrite" | "login";
  /** The command, such as `CREATE TABLE`. */
  readonly tag: string;
  /** In `ddl_command_end`; asking elsewhere is an error. */
  readonly commands: readonly DdlCommand[];
  /** In `sql_drop`; asking elsewhere is an error. */
  readonly droppedObjects: readonly DroppedObject[];
  /** In `table_rewrite`: which table, and PostgreSQL's code for why. Else an error. */
  readonly rewrite: { readonly oid: number; readonly reason: number };
}

/** The `ctx` of a function that RETURNS event_trigger. */
export interface EventTriggerCtx extends Ctx<NoArgs> {
  readonly event: EventTrigger;
}
