import assert from "node:assert/strict";
import { test } from "node:test";
import { Decimal, numeric, type DecimalInput } from "@stopgap/runtime";

const text = (value: Decimal): string => value.toString();

for (const [what, given, expected] of [
  ["text", "19.90", "19.9"],
  ["a Numeric", numeric("-0.10"), "-0.1"],
  ["a number", 0.1, "0.1"],
  ["a bigint", 2n ** 70n, "1180591620717411303424"],
  ["another", Decimal("1e-9"), "0.000000001"],
  ["a large exponent", "1e30", `1${"0".repeat(30)}`],
  ["NaN", "NaN", "NaN"],
  ["infinity", -Infinity, "-Infinity"],
] as [string, DecimalInput, string][]) {
  test(`a Decimal of ${what} has its exact text`, () => {
    assert.equal(text(new Decimal(given)), expected);
  });
}

test("a Decimal of other text is refused", () => {
  assert.throws(() => new Decimal("1,5"), /Not a number: 1,5/);
  assert.throws(() => new Decimal(undefined as never), /expected: undefined/);
});

test("sums, differences and products have every digit", () => {
  const long = 10n ** 100n + 1n;
  const small = new Decimal(long).shiftedBy(-100);

  assert.equal(text(small), `1.${"0".repeat(99)}1`);
  assert.equal(text(small.plus("0.1").minus(small)), "0.1");
  assert.equal(text(small.times(small).shiftedBy(200)), String(long * long));
});

test("quotients are rounded to twenty places", () => {
  assert.equal(text(new Decimal(2).div(3)), "0.66666666666666666667");
});

test("a constructor of one's own has its own settings", () => {
  const Exact = Decimal.clone({
    DECIMAL_PLACES: 30,
    ROUNDING_MODE: Decimal.ROUND_DOWN,
  });

  assert.equal(text(new Exact(2).div(3)), `0.${"6".repeat(30)}`);
  assert.equal(text(new Decimal(2).div(3)), "0.66666666666666666667");
  assert.equal(text(new Exact(1).plus(new Decimal("0.5"))), "1.5");
});

test("settings that are out of range are refused", () => {
  assert.throws(() => Decimal.clone({ DECIMAL_PLACES: -1 }), /DECIMAL_PLACES/);
});

for (const [what, change] of [
  ["config", "config"],
  ["set", "set"],
] as const) {
  test(`${what} cannot change what others use`, () => {
    const type = Decimal as unknown as Record<string, (settings: object) => void>;

    assert.throws(() => type[change]?.({ DECIMAL_PLACES: 1 }), /use Decimal.clone/);
    assert.equal(text(new Decimal(1).div(8)), "0.125");
  });
}

for (const [what, type] of [
  ["Decimal", Decimal],
  ["a clone", Decimal.clone()],
] as const) {
  test(`the methods of ${what} cannot be replaced`, () => {
    assert.throws(() => Object.assign(type, { max: null }), TypeError);
    assert.throws(() => Object.assign(type.prototype, { plus: null }), TypeError);
  });
}

test("the settings of bignumber.js do not reach Decimal", async () => {
  const { BigNumber } = await import("bignumber.js");
  BigNumber.set({ DECIMAL_PLACES: 1 });

  assert.equal(text(new Decimal(1).div(8)), "0.125");
});

test("JSON and node-postgres get the exact text", () => {
  const value = new Decimal("123456789012345678901234567890.10");

  assert.equal(
    JSON.stringify({ value }),
    '{"value":"123456789012345678901234567890.1"}',
  );
  assert.equal(value.toPostgres(), "123456789012345678901234567890.1");
});

test("rounding takes each mode", () => {
  const value = new Decimal("-2.5");
  const { ROUND_UP, ROUND_HALF_EVEN, ROUND_FLOOR } = Decimal;

  assert.deepEqual(
    [ROUND_UP, ROUND_HALF_EVEN, ROUND_FLOOR].map((mode) =>
      text(value.integerValue(mode)),
    ),
    ["-3", "-2", "-3"],
  );
});
