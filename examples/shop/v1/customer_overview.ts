// What one customer has bought: a join, and sums of it.
import { type Numeric, query, SqlError, v } from "@stopgap/runtime";

type Overview = {
  name: string;
  email: string;
  country: string;
  orders: bigint; // count() is an int8
  spentCents: bigint;
  averageCents: Numeric | null; // avg() is a numeric: an exact decimal, no float
};

export default query(v.object({ customerId: v.int() }), async ({ customerId }, ctx) => {
  const [overview] = await ctx.db.query<Overview>(
    `select c.name, c.email, c.country,
            count(o.id) as orders,
            coalesce(sum(o.cents), 0)::bigint as "spentCents",
            round(avg(o.cents), 2) as "averageCents"
       from shop.customers as c
       left join (
         select o.id, o.customer_id, sum(l.quantity * l.unit_price_cents) as cents
           from shop.orders as o
           join shop.order_lines as l on l.order_id = o.id
          where o.status <> 'cancelled'
          group by o.id
       ) as o on o.customer_id = c.id
      where c.id = $1
      group by c.id`,
    [customerId],
  );
  if (overview === undefined) {
    throw new SqlError({
      code: "P0002",
      message: `there is no customer ${customerId}`,
    });
  }
  return overview;
});
