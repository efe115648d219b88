// What a parcel costs. Plain computing: no database, nothing to await.
import type { Ctx } from "@stopgap/runtime";

const domestic = "DE";

export default (ctx: Ctx<{ country: string; grams: number }>) => {
  const { country, grams } = ctx.args;
  const base = country === domestic ? 490 : 1290;
  const perStartedKilo = country === domestic ? 50 : 250;
  return { country, cents: base + Math.ceil(grams / 1000) * perStartedKilo };
};
