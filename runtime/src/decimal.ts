/**
 * `Decimal`: exact decimal arithmetic, which is bignumber.js.
 *
 * Its settings live in closures, out of reach of the lockdown. A constructor here has those
 * that it was made with for good: in the database all roles and functions share it.
 */

import BigNumber from "bignumber.js";
import type { Numeric } from "./value.js";

/** What a `Decimal` is made of, and what its methods take. A string is decimal text. */
export type DecimalInput = Decimal | Numeric | string | number | bigint;

/** One of `Decimal.ROUND_UP` (0) to `Decimal.ROUND_HALF_FLOOR` (8). */
export type DecimalRounding = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** The settings of a constructor of one's own; see {@link DecimalConstructor.clone}. */
export interface DecimalSettings {
  /** The digits after the point of quotients and roots. 20 unless said. */
  DECIMAL_PLACES?: number;
  /** Half up unless said. */
  ROUNDING_MODE?: DecimalRounding;
  /** The rounding of the quotient that `mod` subtracts; 9 is Euclid's. Down unless said. */
  MODULO_MODE?: DecimalRounding | 9;
  /** The significant digits that `pow` keeps. All, 0, unless said. */
  POW_PRECISION?: number;
}

/** An exact decimal number, NaN or an infinity. No method changes it. */
export interface Decimal {
  abs(): Decimal;
  negated(): Decimal;
  plus(other: DecimalInput): Decimal;
  minus(other: DecimalInput): Decimal;
  times(other: DecimalInput): Decimal;
  /** The quotient, rounded to the decimal places of the constructor. */
  div(other: DecimalInput): Decimal;
  /** The integer part of the quotient. */
  idiv(other: DecimalInput): Decimal;
  mod(other: DecimalInput): Decimal;
  /** An integer power. */
  pow(exponent: DecimalInput): Decimal;
  /** The square root, rounded to the decimal places of the constructor. */
  sqrt(): Decimal;
  /** Times ten to the power of `places`. */
  shiftedBy(places: number): Decimal;
  /** -1, 0 or 1; null where one is NaN. */
  comparedTo(other: DecimalInput): -1 | 0 | 1 | null;
  eq(other: DecimalInput): boolean;
  gt(other: DecimalInput): boolean;
  gte(other: DecimalInput): boolean;
  lt(other: DecimalInput): boolean;
  lte(other: DecimalInput): boolean;
  isFinite(): boolean;
  isInteger(): boolean;
  isNaN(): boolean;
  isNegative(): boolean;
  isPositive(): boolean;
  isZero(): boolean;
  /** How many digits it has after the point; null where it is not finite. */
  decimalPlaces(): number | null;
  /** Rounded to so many digits after the point. */
  decimalPlaces(places: number, rounding?: DecimalRounding): Decimal;
  integerValue(rounding?: DecimalRounding): Decimal;
  /** How many significant digits it has. */
  precision(): number;
  /** Rounded to so many significant digits. */
  precision(digits: number, rounding?: DecimalRounding): Decimal;
  toBigInt(rounding?: DecimalRounding): bigint | null;
  toExponential(places?: number, rounding?: DecimalRounding): string;
  /** With so many digits after the point; with all of them unless said. */
  toFixed(places?: number, rounding?: DecimalRounding): string;
  /** As `toFixed`, with the thousands grouped by commas. */
  toFormat(places?: number, rounding?: DecimalRounding): string;
  toPrecision(digits?: number, rounding?: DecimalRounding): string;
  /** The exact text: in JSON a Decimal is a string. */
  toJSON(): string;
  /** The nearest number. */
  toNumber(): number;
  /** The exact text, never with an exponent. */
  toString(): string;
  /** The exact text; the name is the one that node-postgres asks parameters for. */
  toPostgres(): string;
}

/** What makes a `Decimal`, with `new` or without. */
export interface DecimalConstructor {
  new (value: DecimalInput): Decimal;
  (value: DecimalInput): Decimal;
  readonly prototype: Decimal;
  readonly ROUND_UP: 0;
  readonly ROUND_DOWN: 1;
  readonly ROUND_CEIL: 2;
  readonly ROUND_FLOOR: 3;
  readonly ROUND_HALF_UP: 4;
  readonly ROUND_HALF_DOWN: 5;
  readonly ROUND_HALF_EVEN: 6;
  readonly ROUND_HALF_CEIL: 7;
  readonly ROUND_HALF_FLOOR: 8;
  /** Another constructor, with settings of its own; those of this one never change. */
  clone(settings?: DecimalSettings): DecimalConstructor;
  max(...values: DecimalInput[]): Decimal;
  min(...values: DecimalInput[]): Decimal;
  sum(...values: DecimalInput[]): Decimal;
}

const { clone } = BigNumber;

function makeConstructor(settings: DecimalSettings = {}): DecimalConstructor {
  const made = clone({
    ...settings,
    // `String(x)` is then what PostgreSQL prints.
    EXPONENTIAL_AT: 1e9,
  } as BigNumber.Config);
  const refuse = (): never => {
    throw new TypeError(
      "the settings of Decimal are fixed: use Decimal.clone(settings)",
    );
  };
  Object.assign(made, { clone: makeConstructor, config: refuse, set: refuse });
  Object.defineProperty(made, "name", { value: "Decimal" });
  const { prototype } = made as { prototype: object };
  // It changes the constructor's range while it runs, and an interrupt would leave it so.
  Reflect.deleteProperty(prototype, "toFraction");
  Object.assign(prototype, {
    toPostgres(this: BigNumber): string {
      return this.toFixed();
    },
  });
  Object.freeze(prototype);
  return Object.freeze(made) as unknown as DecimalConstructor;
}

/**
 * Exact decimal numbers, for `numeric` and `money`: sums, differences and products have
 * every digit.
 *
 * @example
 * ```ts
 * import { Decimal } from "@stopgap/runtime";
 *
 * const total = new Decimal("19.90").times(3).decimalPlaces(1);
 * ```
 */
export const Decimal: DecimalConstructor = makeConstructor();
