// The products that brought in the most, with the sums computed by PostgreSQL.
// The long form of query() also declares what comes back.
import { query, v } from "@stopgap/runtime";

const product = v.object({
  sku: v.string(),
  name: v.string(),
  sold: v.int(),
  revenueCents: v.int(),
});

type Product = { sku: string; name: string; sold: number; revenueCents: number };

export default query({
  args: v.object({
    from: v.optional(v.string()),
    limit: v.default(v.int().check(v.gte(1), v.lte(100)), 5),
  }),
  returns: v.array(product),
  handler: ({ from, limit }, ctx) =>
    ctx.db.query<Product>(
      `select p.sku, p.name,
              sum(l.quantity)::int as sold,
              sum(l.quantity * l.unit_price_cents)::int as "revenueCents"
         from shop.orders as o
         join shop.order_lines as l on l.order_id = o.id
         join shop.products as p on p.id = l.product_id
        where o.status <> 'cancelled'
          and ($1::timestamptz is null or o.placed_at >= $1)
        group by p.id
        order by "revenueCents" desc, p.sku
        limit $2`,
      [from, limit],
    ),
});
