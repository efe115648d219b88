// Adds goods to the stock.
import { mutation, SqlError, v } from "@stopgap/runtime";

const args = v.object({ sku: v.string(), quantity: v.int().check(v.gte(1)) });

export default mutation(args, async ({ sku, quantity }, ctx) => {
  const [product] = await ctx.db.query<{ id: number; stock: number }>(
    "update shop.products set stock = stock + $2 where sku = $1 returning id, stock",
    [sku, quantity],
  );
  if (product === undefined) {
    throw new SqlError({ code: "P0002", message: `there is no product ${sku}` });
  }
  await ctx.db.exec(
    `insert into shop.stock_movements (product_id, change, reason)
     values ($1, $2, 'restocked')`,
    [product.id, quantity],
  );
  return { sku, stock: product.stock };
});
