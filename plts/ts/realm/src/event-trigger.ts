/** `ctx` of event triggers. */

import type {
  DdlCommand,
  DroppedObject,
  EventTrigger as EventTriggerType,
  FunctionIdentity,
} from "@stopgap/runtime";
import { Ctx, type Mode } from "./context.js";
import { natives } from "./natives.js";

/** What C++ knows of the event. */
export type EventInfo = Pick<EventTriggerType, "event" | "tag">;

const commandColumns =
  "classid, objid, objsubid, command_tag, object_type, schema_name, object_identity, " +
  "in_extension";
const droppedColumns =
  "classid, objid, objsubid, original, normal, is_temporary, object_type, schema_name, " +
  "object_name, object_identity, address_names, address_args";

/** What the command did is asked from PostgreSQL when it is asked for here. */
class EventTrigger implements EventTriggerType {
  readonly event: EventTriggerType["event"];
  readonly tag: string;
  readonly #token: number;
  #commands: readonly DdlCommand[] | undefined;
  #droppedObjects: readonly DroppedObject[] | undefined;

  constructor(token: number, info: EventInfo) {
    this.event = info.event;
    this.tag = info.tag;
    this.#token = token;
  }

  get commands(): readonly DdlCommand[] {
    return (this.#commands ??= this.#select(
      `select ${commandColumns} from pg_catalog.pg_event_trigger_ddl_commands()`,
    ) as unknown as DdlCommand[]);
  }

  get droppedObjects(): readonly DroppedObject[] {
    return (this.#droppedObjects ??= this.#select(
      `select ${droppedColumns} from pg_catalog.pg_event_trigger_dropped_objects()`,
    ) as unknown as DroppedObject[]);
  }

  get rewrite(): EventTriggerType["rewrite"] {
    return this.#select(
      "select pg_catalog.pg_event_trigger_table_rewrite_oid() as oid, " +
        "pg_catalog.pg_event_trigger_table_rewrite_reason() as reason",
    )[0] as unknown as EventTriggerType["rewrite"];
  }

  #select(sql: string): Record<string, unknown>[] {
    return natives().querySync(this.#token, sql, undefined);
  }
}

export class EventTriggerCtx extends Ctx {
  readonly event: EventTrigger;

  constructor(
    token: number,
    fn: FunctionIdentity,
    args: unknown,
    mode: Mode,
    info: EventInfo,
  ) {
    super(token, fn, args, mode);
    this.event = new EventTrigger(token, info);
  }
}

/** What the realm freezes because user code can reach it through a `ctx`. */
export const eventTriggerClasses = [EventTriggerCtx, EventTrigger];
