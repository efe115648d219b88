// Takes the goods out of stock and writes the order. A check constraint keeps the stock
// from going below zero: its failure is caught, and nothing of the statement remains.
// Whoever has ordered before gets five percent off.
import { json, mutation, SqlError, v } from "@stopgap/runtime";

const args = v.object({
  customerId: v.int(),
  lines: v
    .array(v.object({ sku: v.string(), quantity: v.int().check(v.gte(1)) }))
    .check(v.minLength(1)),
});

const loyaltyPercent = 5;

type Taken = { productId: number; quantity: number; unitPriceCents: number };

export default mutation(args, async ({ customerId, lines }, ctx) => {
  let taken: Taken[];
  try {
    taken = await ctx.db.query<Taken>(
      `update shop.products as p
          set stock = p.stock - wanted.quantity
         from jsonb_to_recordset($1) as wanted (sku text, quantity integer)
        where p.sku = wanted.sku
        returning p.id as "productId", wanted.quantity,
                  p.price_cents as "unitPriceCents"`,
      [json(lines)],
    );
  } catch (error) {
    if (
      error instanceof SqlError &&
      error.code === "23514" &&
      error.constraint === "products_stock_not_negative"
    ) {
      return { ok: false, reason: "out_of_stock" };
    }
    throw error;
  }
  if (taken.length !== lines.length) {
    // Thrown, not returned: the update above must not stay.
    throw new SqlError({
      code: "P0002",
      message: "the order names a product twice, or one that does not exist",
    });
  }

  const goodsCents = taken.reduce(
    (sum, line) => sum + line.quantity * line.unitPriceCents,
    0,
  );
  const [past] = await ctx.db.query<{ loyal: boolean }>(
    `select exists (
       select from shop.orders where customer_id = $1 and status <> 'cancelled'
     ) as loyal`,
    [customerId],
  );
  const discountCents =
    past?.loyal === true ? Math.floor((goodsCents * loyaltyPercent) / 100) : 0;

  const [order] = await ctx.db.query<{ id: number }>(
    `with placed as (
       insert into shop.orders (customer_id, discount_cents)
       values ($1, $3) returning id
     ), lines as (
       insert into shop.order_lines
         (order_id, line_no, product_id, quantity, unit_price_cents)
       select placed.id, row_number() over (order by l."productId"),
              l."productId", l.quantity, l."unitPriceCents"
         from placed,
              jsonb_to_recordset($2)
                as l ("productId" integer, quantity integer, "unitPriceCents" integer)
       returning order_id, product_id, quantity
     ), moved as (
       insert into shop.stock_movements (product_id, order_id, change, reason)
       select product_id, order_id, -quantity, 'sold' from lines
     )
     select id from placed`,
    [customerId, json(taken), discountCents],
  );
  const totalCents = goodsCents - discountCents;
  return { ok: true, orderId: order?.id, discountCents, totalCents };
});
