/** The one class of errors that carry an SQLSTATE, in either direction. */

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
}

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
    Object.defineProperty(this.prototype, "name", {
      value: "SqlError",
      configurable: true,
      writable: true,
    });
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

  constructor(fields: SqlErrorFields) {
    super(fields.message);
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
  }

  /** Whether a caught value is an SqlError; runs no code of the value's own. */
  static isSqlError(value: unknown): value is SqlError {
    return typeof value === "object" && value !== null && #genuine in value;
  }
}
