// Products that run out soon. A handler without a wrapper: ctx.args is not validated.
import type { Ctx } from "@stopgap/runtime";

type Product = { sku: string; name: string; stock: number };

export default async (ctx: Ctx<{ below?: number } | null>) => {
  const below = ctx.args?.below ?? 25;
  const products = await ctx.db.query<Product>({
    sql: `select sku, name, stock from shop.products
           where stock < $1
           order by stock, sku`,
    params: [below],
  });
  return { below, products };
};
