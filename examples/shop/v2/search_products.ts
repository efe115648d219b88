// Finds products by a piece of their name, the cheapest first; on request only those
// that are in stock.
import { query, v } from "@stopgap/runtime";

const args = v.object({
  text: v.string().check(v.minLength(2)),
  category: v.optional(v.enum(["garden", "kitchen", "living"])),
  inStock: v.default(v.boolean(), false),
  limit: v.default(v.int().check(v.gte(1), v.lte(50)), 10),
});

type Product = { sku: string; name: string; priceCents: number; stock: number };

export default query(args, async ({ text, category, inStock, limit }, ctx) => {
  const products = await ctx.db.query<Product>(
    `select sku, name, price_cents as "priceCents", stock
       from shop.products
      where name ilike '%' || $1 || '%'
        and ($2::text is null or category = $2)
        and (not $3 or stock > 0)
      order by price_cents, sku
      limit $4`,
    [text, category, inStock, limit],
  );
  return { count: products.length, products };
});
