/** Errors that carry an SQLSTATE, in either direction. */

/** What an {@link SqlError} is made of. */
export interface SqlErrorFields {
  /** SQLSTATE: five digits or capital letters, not of a success or warning class. */
  code: string;
  message: string;
  detail?: string | undefined;
  hint?: string | undefined;
  constraint?: string | undefined;
  schema?: string | undefined;
  table?: string | undefined;
  column?: string | undefined;
  datatype?: string | undefined;
  /** One-based character position in the statement. */
  position?: number | undefined;
  /** PostgreSQL's CONTEXT: the functions and statements that it arose in. */
  where?: string | undefined;
}

/** The fields of a class of errors that has its SQLSTATE already. */
export type ConditionFields = Omit<SqlErrorFields, "code">;

/**
 * An error of PostgreSQL caught in TypeScript, or one to raise in PostgreSQL.
 *
 * @example
 * ```ts
 * import { SqlError } from "@stopgap/runtime";
 *
 * throw new SqlError({
 *   code: "P0002",
 *   message: "no such product",
 *   hint: "call list_products() for those that exist",
 * });
 * ```
 */
export class SqlError extends Error {
  static {
    nameClass(this, "SqlError");
  }

  // Tells a real SqlError from anything that merely has its prototype.
  readonly #genuine = true;

  readonly code: string;
  // Declared, not defined: an absent field is no property at all.
  declare readonly detail?: string;
  declare readonly hint?: string;
  declare readonly constraint?: string;
  declare readonly schema?: string;
  declare readonly table?: string;
  declare readonly column?: string;
  declare readonly datatype?: string;
  declare readonly position?: number;
  declare readonly where?: string;

  constructor(fields: SqlErrorFields, options?: ErrorOptions) {
    super(fields.message, options);
    if (!/^(?!00|01|02)[0-9A-Z]{5}$/.test(fields.code)) {
      throw new TypeError(
        `not the SQLSTATE of an error: ${JSON.stringify(fields.code)}`,
      );
    }
    this.code = fields.code;
    if (fields.detail !== undefined) this.detail = fields.detail;
    if (fields.hint !== undefined) this.hint = fields.hint;
    if (fields.constraint !== undefined) this.constraint = fields.constraint;
    if (fields.schema !== undefined) this.schema = fields.schema;
    if (fields.table !== undefined) this.table = fields.table;
    if (fields.column !== undefined) this.column = fields.column;
    if (fields.datatype !== undefined) this.datatype = fields.datatype;
    if (fields.position !== undefined) this.position = fields.position;
    if (fields.where !== undefined) this.where = fields.where;
    // The stack begins where the error is made, not in here; only V8 can do that.
    const capture = (
      Error as { captureStackTrace?: (error: Error, from: unknown) => void }
    ).captureStackTrace;
    capture?.(this, new.target);
  }

  /** An error of the class that its SQLSTATE has, as `ctx.db` throws it. */
  static of(fields: SqlErrorFields, options?: ErrorOptions): SqlError {
    const condition = conditions.get(fields.code);
    if (condition !== undefined) return new condition(fields, options);
    if (fields.code.startsWith("23")) {
      return new ConstraintViolationError(fields, options);
    }
    return new SqlError(fields, options);
  }

  /** Whether a caught value is an SqlError; runs no code of the value's own. */
  static isSqlError(value: unknown): value is SqlError {
    return typeof value === "object" && value !== null && #genuine in value;
  }
}

/** An SQLSTATE of class 23: a row does not satisfy a constraint. */
export class ConstraintViolationError extends SqlError {
  static {
    nameClass(this, "ConstraintViolationError");
  }
}

/** 23502: null in a column that is NOT NULL. */
export class NotNullViolationError extends ConstraintViolationError {
  static {
    nameClass(this, "NotNullViolationError");
  }

  constructor(fields: ConditionFields, options?: ErrorOptions) {
    super({ ...fields, code: "23502" }, options);
  }
}

/** 23503: the row that a foreign key refers to is not there, or still referred to. */
export class ForeignKeyViolationError extends ConstraintViolationError {
  static {
    nameClass(this, "ForeignKeyViolationError");
  }

  constructor(fields: ConditionFields, options?: ErrorOptions) {
    super({ ...fields, code: "23503" }, options);
  }
}

/** 23505: a unique key is there already. */
export class UniqueViolationError extends ConstraintViolationError {
  static {
    nameClass(this, "UniqueViolationError");
  }

  constructor(fields: ConditionFields, options?: ErrorOptions) {
    super({ ...fields, code: "23505" }, options);
  }
}

/** 23514: a CHECK constraint, of a table or of a domain. */
export class CheckViolationError extends ConstraintViolationError {
  static {
    nameClass(this, "CheckViolationError");
  }

  constructor(fields: ConditionFields, options?: ErrorOptions) {
    super({ ...fields, code: "23514" }, options);
  }
}

/** 23P01: an EXCLUDE constraint. */
export class ExclusionViolationError extends ConstraintViolationError {
  static {
    nameClass(this, "ExclusionViolationError");
  }

  constructor(fields: ConditionFields, options?: ErrorOptions) {
    super({ ...fields, code: "23P01" }, options);
  }
}

/** 40001: concurrent transactions collided; the whole transaction may be tried again. */
export class SerializationError extends SqlError {
  static {
    nameClass(this, "SerializationError");
  }

  constructor(fields: ConditionFields, options?: ErrorOptions) {
    super({ ...fields, code: "40001" }, options);
  }
}

/** 40P01: this session was chosen to break a deadlock; it may be tried again. */
export class DeadlockError extends SqlError {
  static {
    nameClass(this, "DeadlockError");
  }

  constructor(fields: ConditionFields, options?: ErrorOptions) {
    super({ ...fields, code: "40P01" }, options);
  }
}

/** 55P03: a lock was not to be had, with NOWAIT or within `lock_timeout`. */
export class LockNotAvailableError extends SqlError {
  static {
    nameClass(this, "LockNotAvailableError");
  }

  constructor(fields: ConditionFields, options?: ErrorOptions) {
    super({ ...fields, code: "55P03" }, options);
  }
}

/** 42501: the privileges in force do not allow it, row level security included. */
export class InsufficientPrivilegeError extends SqlError {
  static {
    nameClass(this, "InsufficientPrivilegeError");
  }

  constructor(fields: ConditionFields, options?: ErrorOptions) {
    super({ ...fields, code: "42501" }, options);
  }
}

/** 25006: a write in a `query` handler, or in a transaction that only reads. */
export class ReadOnlyError extends SqlError {
  static {
    nameClass(this, "ReadOnlyError");
  }

  constructor(fields: ConditionFields, options?: ErrorOptions) {
    super({ ...fields, code: "25006" }, options);
  }
}

const conditions = new Map<
  string,
  new (fields: ConditionFields, options?: ErrorOptions) => SqlError
>([
  ["23502", NotNullViolationError],
  ["23503", ForeignKeyViolationError],
  ["23505", UniqueViolationError],
  ["23514", CheckViolationError],
  ["23P01", ExclusionViolationError],
  ["25006", ReadOnlyError],
  ["40001", SerializationError],
  ["40P01", DeadlockError],
  ["42501", InsufficientPrivilegeError],
  ["55P03", LockNotAvailableError],
]);

// A property that is neither enumerable nor the instance's own, as of Error itself. The
// class has its name too, whatever a bundler calls what refers to itself.
function nameClass(of: { prototype: object }, name: string): void {
  Object.defineProperty(of, "name", { value: name, configurable: true });
  Object.defineProperty(of.prototype, "name", {
    value: name,
    configurable: true,
    writable: true,
  });
}
