/**
 * The types of schemas: flat declarations over what `zod/mini` does at run time.
 *
 * zod's own declarations are complete but heavy, and the database type-checks every
 * function that is created against them. These say the same of every member of `v`,
 * in one file and a fraction of the time; tests hold the two together.
 */

/** What a schema turns what into, and whether a key of an object may be missing. */
export interface SchemaTypes<out Output, out Input> {
  readonly output: Output;
  readonly input: Input;
  readonly optin?: "optional" | undefined;
  readonly optout?: "optional" | undefined;
}

/** One thing that is wrong with a value. */
export interface Issue {
  readonly code?: string | undefined;
  readonly path: PropertyKey[];
  readonly message: string;
}

/** All that is wrong with a value. */
export interface SchemaError extends Error {
  readonly issues: Issue[];
}

/** The answer of `safeParse`. */
export type SafeParseResult<Output> =
  | { success: true; data: Output; error?: never }
  | { success: false; data?: never; error: SchemaError };

/**
 * Any schema, known by its types alone.
 *
 * What type parameters are constrained to: one property to compare where comparing whole
 * schemas would cost every check milliseconds.
 */
export interface AnySchema {
  readonly _zod: { readonly output: unknown; readonly input: unknown };
}

/** Describes and checks values; made with the members of `v`. */
export interface Schema<out Output = unknown, out Input = unknown> {
  readonly _zod: SchemaTypes<Output, Input>;
  /** Adds checks, which see the parsed value. */
  check(...checks: (Check<Output> | CheckFunction<Output>)[]): this;
  /** The value as the schema gives it back; throws a {@link SchemaError}. */
  parse(data: unknown): Output;
  /** The same without throwing. */
  safeParse(data: unknown): SafeParseResult<Output>;
}

/** What a check is given: the value, and where to put issues. */
export interface CheckPayload<Value> {
  value: Value;
  issues: {
    code: "custom";
    message?: string;
    path?: PropertyKey[];
    input: unknown;
    continue?: boolean;
  }[];
}

/** A check written as a function. */
export type CheckFunction<Value> = (payload: CheckPayload<Value>) => void;

/** A check of a parsed value. */
export interface Check<in Value = never> {
  readonly _zod: { readonly check: (payload: CheckPayload<Value>) => unknown };
}

export type OutputOf<S extends AnySchema> = S["_zod"]["output"];
export type InputOf<S extends AnySchema> = S["_zod"]["input"];

interface KeySchema {
  readonly _zod: { readonly output: PropertyKey; readonly input: PropertyKey };
}

interface TakingSchema<Input> {
  readonly _zod: { readonly output: unknown; readonly input: Input };
}

interface OptionalTypes<Output, Input> extends SchemaTypes<Output, Input> {
  readonly optin: "optional";
  readonly optout: "optional";
}

interface OptionalInputTypes<Output, Input> extends SchemaTypes<Output, Input> {
  readonly optin: "optional";
}

interface OptionalIn {
  readonly _zod: { readonly optin: "optional" };
}

interface OptionalOut {
  readonly _zod: { readonly optout: "optional" };
}

// The flags of a schema within, where it has any.
type OptionalityOf<S extends AnySchema> = (S extends OptionalIn
  ? OptionalIn["_zod"]
  : unknown) &
  (S extends OptionalOut ? OptionalOut["_zod"] : unknown);

type Flatten<T> = { [K in keyof T]: T[K] } & {};

/** The schemas of an object's keys. */
export type Shape = Readonly<Record<string, AnySchema>>;

// Most shapes have no such key, and the simple type is a fraction of the work.
export type ObjectOutput<S extends Shape> = [KeysOf<S, OptionalOut>] extends [never]
  ? { -readonly [K in keyof S]: OutputOf<S[K]> }
  : Flatten<
      {
        -readonly [K in keyof S as S[K] extends OptionalOut ? never : K]: OutputOf<
          S[K]
        >;
      } & {
        -readonly [K in keyof S as S[K] extends OptionalOut ? K : never]?: OutputOf<
          S[K]
        >;
      }
    >;

export type ObjectInput<S extends Shape> = [KeysOf<S, OptionalIn>] extends [never]
  ? { -readonly [K in keyof S]: InputOf<S[K]> }
  : Flatten<
      {
        -readonly [K in keyof S as S[K] extends OptionalIn ? never : K]: InputOf<S[K]>;
      } & {
        -readonly [K in keyof S as S[K] extends OptionalIn ? K : never]?: InputOf<S[K]>;
      }
    >;

// The keys whose schemas are of a type.
type KeysOf<S extends Shape, Type> = {
  [K in keyof S]: S[K] extends Type ? K : never;
}[keyof S];

/** A schema of an object with known keys, and nothing else unless said so. */
export interface ObjectSchema<S extends Shape = Shape, Rest = unknown> extends Schema<
  ObjectOutput<S> & Rest,
  ObjectInput<S> & Rest
> {
  readonly shape: S;
}

/** A schema whose key may be missing from an object. */
export interface OptionalSchema<S extends AnySchema> extends Schema<
  OutputOf<S> | undefined,
  InputOf<S> | undefined
> {
  readonly _zod: OptionalTypes<OutputOf<S> | undefined, InputOf<S> | undefined>;
}

/** A schema whose key may be missing on the way in, and never is on the way out. */
export interface DefaultSchema<S extends AnySchema> extends Schema<
  Exclude<OutputOf<S>, undefined>,
  InputOf<S> | undefined
> {
  readonly _zod: OptionalInputTypes<
    Exclude<OutputOf<S>, undefined>,
    InputOf<S> | undefined
  >;
}

/** A schema that keeps whether the key of the schema within may be missing. */
export interface WrappedSchema<S extends AnySchema, Output, Input> extends Schema<
  Output,
  Input
> {
  readonly _zod: SchemaTypes<Output, Input> & OptionalityOf<S>;
}

/** A schema of a few given values. */
export interface EnumSchema<Value> extends Schema<Value, Value> {
  readonly options: Value[];
}

/** The optional last argument of what makes a schema: the message, or how to make it. */
export type Params =
  | string
  | {
      error?: string | ((issue: Partial<Issue>) => string | undefined) | undefined;
      message?: string | undefined;
    };

type LiteralValue = string | number | bigint | boolean | null | undefined;
type Mask<S extends Shape> = { [K in keyof S]?: true };
type Extended<S extends Shape, More extends Shape> = Flatten<
  Omit<S, keyof More> & More
>;
type Optionals<S extends Shape, Keys extends keyof S = keyof S> = {
  [K in keyof S]: K extends Keys ? OptionalSchema<S[K]> : S[K];
};
type Requireds<S extends Shape, Keys extends keyof S = keyof S> = {
  [K in keyof S]: K extends Keys
    ? Schema<Exclude<OutputOf<S[K]>, undefined>, Exclude<InputOf<S[K]>, undefined>>
    : S[K];
};
type TupleOutput<Items extends readonly AnySchema[]> = {
  -readonly [I in keyof Items]: OutputOf<Items[I]>;
};
type TupleInput<Items extends readonly AnySchema[]> = {
  -readonly [I in keyof Items]: InputOf<Items[I]>;
};
type RecordOf<Key extends PropertyKey, Value> = string extends Key
  ? Record<Key, Value>
  : { [K in Key]: Value };
type Sized = { size: number };
type Lengthy = { length: number };
type Comparable = number | bigint | Date;

/** Makes of any input what `Number(x)`, `String(x)` and so on make of it. */
export interface CoerceMembers {
  bigint(params?: Params): Schema<bigint>;
  boolean(params?: Params): Schema<boolean>;
  date(params?: Params): Schema<Date>;
  number(params?: Params): Schema<number>;
  string(params?: Params): Schema<string>;
}

/** ISO 8601 text. */
export interface IsoMembers {
  date(params?: Params): Schema<string, string>;
  datetime(
    params?:
      | string
      | {
          offset?: boolean;
          local?: boolean;
          precision?: number | null;
          error?: string;
        },
  ): Schema<string, string>;
  duration(params?: Params): Schema<string, string>;
  time(
    params?: string | { precision?: number | null; error?: string },
  ): Schema<string, string>;
}

/** Every member of `v`: the surface of `zod/mini`, `object` being strict. */
export interface Validators {
  // Values
  // The output of v.any() is `unknown` as well: what was not checked must be.
  any(): Schema<unknown, unknown>;
  unknown(): Schema<unknown, unknown>;
  never(params?: Params): Schema<never, never>;
  null(params?: Params): Schema<null, null>;
  undefined(params?: Params): Schema<undefined, undefined>;
  void(params?: Params): Schema<void, void>;
  boolean(params?: Params): Schema<boolean, boolean>;
  string(params?: Params): Schema<string, string>;
  symbol(params?: Params): Schema<symbol, symbol>;
  date(params?: Params): Schema<Date, Date>;
  json(): Schema<JsonValue, JsonValue>;
  literal<const Value extends LiteralValue>(
    value: Value | readonly Value[],
    params?: Params,
  ): Schema<Value, Value>;
  enum<const Value extends string>(
    values: readonly Value[],
    params?: Params,
  ): EnumSchema<Value>;
  enum<const Entries extends Readonly<Record<string, string | number>>>(
    entries: Entries,
    params?: Params,
  ): EnumSchema<Entries[keyof Entries]>;

  // Numbers
  number(params?: Params): Schema<number, number>;
  nan(params?: Params): Schema<number, number>;
  int(params?: Params): Schema<number, number>;
  int32(params?: Params): Schema<number, number>;
  uint32(params?: Params): Schema<number, number>;
  float32(params?: Params): Schema<number, number>;
  float64(params?: Params): Schema<number, number>;
  bigint(params?: Params): Schema<bigint, bigint | number>;
  int64(params?: Params): Schema<bigint, bigint | number>;
  uint64(params?: Params): Schema<bigint, bigint | number>;

  // Formats of text
  base64(params?: Params): Schema<string, string>;
  base64url(params?: Params): Schema<string, string>;
  cidrv4(params?: Params): Schema<string, string>;
  cidrv6(params?: Params): Schema<string, string>;
  e164(params?: Params): Schema<string, string>;
  email(params?: Params): Schema<string, string>;
  emoji(params?: Params): Schema<string, string>;
  guid(params?: Params): Schema<string, string>;
  hex(params?: Params): Schema<string, string>;
  hostname(params?: Params): Schema<string, string>;
  httpUrl(params?: Params): Schema<string, string>;
  ipv4(params?: Params): Schema<string, string>;
  ipv6(params?: Params): Schema<string, string>;
  jwt(params?: Params): Schema<string, string>;
  mac(params?: Params): Schema<string, string>;
  nanoid(params?: Params): Schema<string, string>;
  ulid(params?: Params): Schema<string, string>;
  url(params?: Params): Schema<string, string>;
  uuid(params?: Params): Schema<string, string>;
  uuidv4(params?: Params): Schema<string, string>;
  uuidv6(params?: Params): Schema<string, string>;
  uuidv7(params?: Params): Schema<string, string>;
  stringFormat(
    name: string,
    test: RegExp | ((text: string) => unknown),
    params?: Params,
  ): Schema<string, string>;
  stringbool(params?: {
    truthy?: string[];
    falsy?: string[];
    error?: string;
  }): Schema<boolean, string>;
  readonly iso: IsoMembers;
  readonly coerce: CoerceMembers;

  // Objects
  object<const S extends Shape>(
    shape: S,
    params?: Params,
  ): ObjectSchema<{ -readonly [K in keyof S]: S[K] }>;
  strictObject<const S extends Shape>(
    shape: S,
    params?: Params,
  ): ObjectSchema<{ -readonly [K in keyof S]: S[K] }>;
  looseObject<const S extends Shape>(
    shape: S,
    params?: Params,
  ): ObjectSchema<{ -readonly [K in keyof S]: S[K] }, Record<string, unknown>>;
  keyof<S extends Shape>(schema: ObjectSchema<S>): EnumSchema<keyof S & string>;
  extend<S extends Shape, const More extends Shape>(
    schema: ObjectSchema<S>,
    shape: More,
  ): ObjectSchema<Extended<S, More>>;
  pick<S extends Shape, const M extends Mask<S>>(
    schema: ObjectSchema<S>,
    mask: M,
  ): ObjectSchema<Flatten<Pick<S, keyof S & keyof M>>>;
  omit<S extends Shape, const M extends Mask<S>>(
    schema: ObjectSchema<S>,
    mask: M,
  ): ObjectSchema<Flatten<Omit<S, keyof M>>>;
  partial<S extends Shape>(schema: ObjectSchema<S>): ObjectSchema<Optionals<S>>;
  partial<S extends Shape, const M extends Mask<S>>(
    schema: ObjectSchema<S>,
    mask: M,
  ): ObjectSchema<Optionals<S, keyof S & keyof M>>;
  required<S extends Shape>(schema: ObjectSchema<S>): ObjectSchema<Requireds<S>>;
  required<S extends Shape, const M extends Mask<S>>(
    schema: ObjectSchema<S>,
    mask: M,
  ): ObjectSchema<Requireds<S, keyof S & keyof M>>;
  catchall<S extends Shape, Rest extends AnySchema>(
    schema: ObjectSchema<S>,
    rest: Rest,
  ): ObjectSchema<S, Record<string, OutputOf<Rest>>>;

  // Collections
  array<Item extends AnySchema>(
    item: Item,
    params?: Params,
  ): Schema<OutputOf<Item>[], InputOf<Item>[]>;
  tuple<const Items extends readonly AnySchema[]>(
    items: Items,
    params?: Params,
  ): Schema<TupleOutput<Items>, TupleInput<Items>>;
  tuple<const Items extends readonly AnySchema[], Rest extends AnySchema>(
    items: Items,
    rest: Rest,
    params?: Params,
  ): Schema<
    [...TupleOutput<Items>, ...OutputOf<Rest>[]],
    [...TupleInput<Items>, ...InputOf<Rest>[]]
  >;
  record<Key extends KeySchema, Value extends AnySchema>(
    key: Key,
    value: Value,
    params?: Params,
  ): Schema<
    RecordOf<OutputOf<Key>, OutputOf<Value>>,
    RecordOf<InputOf<Key>, InputOf<Value>>
  >;
  partialRecord<Key extends KeySchema, Value extends AnySchema>(
    key: Key,
    value: Value,
    params?: Params,
  ): Schema<
    Partial<RecordOf<OutputOf<Key>, OutputOf<Value>>>,
    Partial<RecordOf<InputOf<Key>, InputOf<Value>>>
  >;
  map<Key extends AnySchema, Value extends AnySchema>(
    key: Key,
    value: Value,
    params?: Params,
  ): Schema<Map<OutputOf<Key>, OutputOf<Value>>, Map<InputOf<Key>, InputOf<Value>>>;
  set<Item extends AnySchema>(
    item: Item,
    params?: Params,
  ): Schema<Set<OutputOf<Item>>, Set<InputOf<Item>>>;

  // Combinations
  union<const Options extends readonly AnySchema[]>(
    options: Options,
    params?: Params,
  ): Schema<OutputOf<Options[number]>, InputOf<Options[number]>>;
  discriminatedUnion<const Options extends readonly [AnySchema, ...AnySchema[]]>(
    key: string,
    options: Options,
    params?: Params,
  ): Schema<OutputOf<Options[number]>, InputOf<Options[number]>>;
  intersection<Left extends AnySchema, Right extends AnySchema>(
    left: Left,
    right: Right,
  ): Schema<OutputOf<Left> & OutputOf<Right>, InputOf<Left> & InputOf<Right>>;
  optional<S extends AnySchema>(schema: S): OptionalSchema<S>;
  nonoptional<S extends AnySchema>(
    schema: S,
    params?: Params,
  ): Schema<Exclude<OutputOf<S>, undefined>, Exclude<InputOf<S>, undefined>>;
  nullable<S extends AnySchema>(
    schema: S,
  ): WrappedSchema<S, OutputOf<S> | null, InputOf<S> | null>;
  nullish<S extends AnySchema>(
    schema: S,
  ): OptionalSchema<Schema<OutputOf<S> | null, InputOf<S> | null>>;
  readonly<S extends AnySchema>(
    schema: S,
  ): WrappedSchema<S, Readonly<OutputOf<S>>, Readonly<InputOf<S>>>;
  default<S extends AnySchema>(
    schema: S,
    value: Exclude<OutputOf<S>, undefined> | (() => Exclude<OutputOf<S>, undefined>),
  ): DefaultSchema<S>;
  prefault<S extends AnySchema>(
    schema: S,
    value: InputOf<S> | (() => InputOf<S>),
  ): DefaultSchema<S>;
  catch<S extends AnySchema>(
    schema: S,
    value: OutputOf<S> | (() => OutputOf<S>),
  ): Schema<OutputOf<S>, InputOf<S>>;
  lazy<S extends AnySchema>(getter: () => S): WrappedSchema<S, OutputOf<S>, InputOf<S>>;
  pipe<In extends AnySchema, Out extends TakingSchema<OutputOf<In>>>(
    first: In,
    second: Out,
  ): Schema<OutputOf<Out>, InputOf<In>>;
  transform<Input = unknown, Output = Input>(
    change: (input: Input) => Output,
  ): Schema<Output, Input>;
  custom<Value = unknown>(
    test?: (value: unknown) => unknown,
    params?: Params,
  ): Schema<Value, Value>;
  instanceof<Value>(
    type: abstract new (...parameters: never[]) => Value,
    params?: Params,
  ): Schema<Value, Value>;

  // Checks
  check<Value>(test: CheckFunction<Value>): Check<Value>;
  refine<Value>(
    test: (value: NoInfer<Value>) => unknown,
    params?: Params,
  ): Check<Value>;
  overwrite<Value>(change: (value: Value) => Value): Check<Value>;
  property<Key extends string, S extends AnySchema>(
    key: Key,
    schema: S,
  ): Check<{ [K in Key]: OutputOf<S> }>;
  lt(value: Comparable, params?: Params): Check<Comparable>;
  lte(value: Comparable, params?: Params): Check<Comparable>;
  gt(value: Comparable, params?: Params): Check<Comparable>;
  gte(value: Comparable, params?: Params): Check<Comparable>;
  minimum(value: Comparable, params?: Params): Check<Comparable>;
  maximum(value: Comparable, params?: Params): Check<Comparable>;
  positive(params?: Params): Check<number | bigint>;
  negative(params?: Params): Check<number | bigint>;
  nonpositive(params?: Params): Check<number | bigint>;
  nonnegative(params?: Params): Check<number | bigint>;
  multipleOf(value: number | bigint, params?: Params): Check<number | bigint>;
  size(value: number, params?: Params): Check<Sized>;
  minSize(value: number, params?: Params): Check<Sized>;
  maxSize(value: number, params?: Params): Check<Sized>;
  length(value: number, params?: Params): Check<Lengthy>;
  minLength(value: number, params?: Params): Check<Lengthy>;
  maxLength(value: number, params?: Params): Check<Lengthy>;
  regex(pattern: RegExp, params?: Params): Check<string>;
  lowercase(params?: Params): Check<string>;
  uppercase(params?: Params): Check<string>;
  includes(text: string, params?: Params): Check<string>;
  startsWith(text: string, params?: Params): Check<string>;
  endsWith(text: string, params?: Params): Check<string>;
  normalize(form?: "NFC" | "NFD" | "NFKC" | "NFKD"): Check<string>;
  trim(): Check<string>;
  toLowerCase(): Check<string>;
  toUpperCase(): Check<string>;

  // What to do with them
  parse<S extends AnySchema>(schema: S, data: unknown): OutputOf<S>;
  safeParse<S extends AnySchema>(
    schema: S,
    data: unknown,
  ): SafeParseResult<OutputOf<S>>;
  prettifyError(error: SchemaError): string;
}

/** What `v.json()` lets through. */
export type JsonValue =
  null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };
