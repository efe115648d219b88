// Version 2 once more, with a mistake: the price is computed as text.
// The type check refuses it, in CREATE FUNCTION and in a deploy alike.
import type { Ctx } from "@stopgap/runtime";

const domestic = "DE";

type Parcel = { country: string; grams: number };

function price(country: string, grams: number): number {
  const base = country === domestic ? 490 : 1190;
  return `${base + Math.ceil(grams / 1000) * 250}`;
}

export default (ctx: Ctx<Parcel>) => {
  const { country, grams } = ctx.args;
  return { country, cents: price(country, grams) };
};
