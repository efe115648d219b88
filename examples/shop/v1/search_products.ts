// Finds products by a piece of their name, the cheapest first.
import { query, v } from "@stopgap/runtime";

const args = v.object({
  text: v.string().check(v.minLength(2)),
  category: v.optional(v.enum(["garden", "kitchen", "living"])),
  limit: v.default(v.int().check(v.gte(1), v.lte(50)), 10),
});

type Product = { sku: string; name: string; priceCents: number };

export default query(args, async ({ text, category, limit }, ctx) => {
  const products = await ctx.db.query<Product>(
    `select sku, name, price_cents as "priceCents"
       from shop.products
      where name ilike '%' || $1 || '%'
        and ($2::text is null or category = $2)
      order by price_cents, sku
      limit $3`,
    [text, category, limit],
  );
  return { count: products.length, products };
});
