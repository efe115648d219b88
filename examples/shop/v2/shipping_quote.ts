// What a parcel costs. Plain computing: no database, nothing to await.
// From a hundred euros on, the shop pays for parcels at home.
import type { Ctx } from "@stopgap/runtime";

const domestic = "DE";
const freeFromCents = 100_00;

type Parcel = { country: string; grams: number; goodsCents?: number };

export default (ctx: Ctx<Parcel>) => {
  const { country, grams, goodsCents = 0 } = ctx.args;
  if (country === domestic && goodsCents >= freeFromCents) return { country, cents: 0 };
  const base = country === domestic ? 490 : 1190;
  const perStartedKilo = country === domestic ? 50 : 250;
  return { country, cents: base + Math.ceil(grams / 1000) * perStartedKilo };
};
