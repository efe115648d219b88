/** The public API of `@stopgap/runtime`. */

export type {
  Ctx,
  CursorOptions,
  Db,
  ExecResult,
  FunctionIdentity,
  Settings,
  SqlInput,
  SyncDb,
  User,
} from "./context.js";
export { Decimal } from "./decimal.js";
export type {
  DecimalConstructor,
  DecimalInput,
  DecimalRounding,
  DecimalSettings,
} from "./decimal.js";
export { mutation, query } from "./function.js";
export type {
  Checked,
  Definition,
  Handler,
  InferArgs,
  Mutation,
  Query,
  StopgapFunction,
} from "./function.js";
export { json, JsonParameter } from "./json.js";
export type {
  AnySchema,
  Issue,
  SafeParseResult,
  Schema,
  SchemaTypes,
} from "./schema.js";
export type {
  DdlCommand,
  DroppedObject,
  EventTrigger,
  EventTriggerCtx,
  NoArgs,
  Trigger,
  TriggerCtx,
  TriggerResult,
  TriggerRow,
} from "./trigger.js";
export {
  CheckViolationError,
  ConstraintViolationError,
  DeadlockError,
  ExclusionViolationError,
  ForeignKeyViolationError,
  InsufficientPrivilegeError,
  LockNotAvailableError,
  NotNullViolationError,
  ReadOnlyError,
  SerializationError,
  SqlError,
  UniqueViolationError,
} from "./sql-error.js";
export type { ConditionFields, SqlErrorFields } from "./sql-error.js";
export { v } from "./v.js";
export { numeric } from "./value.js";
export type {
  BigIntInput,
  Json,
  Numeric,
  NumericInput,
  SqlDate,
  SqlTime,
  Timestamp,
  TimestampInput,
  TimestampTz,
} from "./value.js";
export type {
  Window,
  WindowCtx,
  WindowOptions,
  WindowSeek,
  WindowValue,
} from "./window.js";
