// Cancels an order that has not left yet, and puts its goods back.
import { mutation, SqlError, v } from "@stopgap/runtime";

export default mutation(v.object({ orderId: v.int() }), async ({ orderId }, ctx) => {
  const cancelled = await ctx.db.exec(
    `update shop.orders set status = 'cancelled' where id = $1 and status = 'placed'`,
    [orderId],
  );
  if (cancelled.rowCount === 0) {
    throw new SqlError({
      code: "SH001",
      message: `order ${orderId} cannot be cancelled`,
      hint: "Only an order whose status is placed can be cancelled.",
    });
  }
  const { rowCount } = await ctx.db.exec(
    `with returned as (
       update shop.products as p
          set stock = p.stock + l.quantity
         from shop.order_lines as l
        where l.order_id = $1 and l.product_id = p.id
       returning p.id, l.quantity
     )
     insert into shop.stock_movements (product_id, order_id, change, reason)
     select id, $1, quantity, 'cancelled' from returned`,
    [orderId],
  );
  return { ok: true, orderId, productsReturned: rowCount };
});
