// One order with its lines. Both statements are asked for before either is awaited.
import { query, SqlError, type TimestampTz, v } from "@stopgap/runtime";

type Order = {
  id: number;
  status: string;
  placedAt: TimestampTz;
  customer: string;
  discountCents: number;
};

type Line = { sku: string; name: string; quantity: number; unitPriceCents: number };

export default query(v.object({ orderId: v.int() }), async ({ orderId }, ctx) => {
  const [[order], lines] = await Promise.all([
    ctx.db.query<Order>(
      `select o.id, o.status, o.placed_at as "placedAt", c.name as customer,
              o.discount_cents as "discountCents"
         from shop.orders as o
         join shop.customers as c on c.id = o.customer_id
        where o.id = $1`,
      [orderId],
    ),
    ctx.db.query<Line>(
      `select p.sku, p.name, l.quantity, l.unit_price_cents as "unitPriceCents"
         from shop.order_lines as l
         join shop.products as p on p.id = l.product_id
        where l.order_id = $1
        order by l.line_no`,
      [orderId],
    ),
  ]);
  if (order === undefined) {
    throw new SqlError({ code: "P0002", message: `there is no order ${orderId}` });
  }
  const goodsCents = lines.reduce(
    (sum, line) => sum + line.quantity * line.unitPriceCents,
    0,
  );
  return { ...order, lines, totalCents: goodsCents - order.discountCents };
});
