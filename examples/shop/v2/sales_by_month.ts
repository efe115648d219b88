// What each month of a year brought in; months without a sale are there too.
import { query, v } from "@stopgap/runtime";

type Month = { month: string; orders: number; revenueCents: bigint };

export default query(
  v.object({ year: v.int().check(v.gte(2000), v.lte(2100)) }),
  async ({ year }, ctx) => {
    const months = await ctx.db.query<Month>(
      `select to_char(m.start, 'YYYY-MM') as month,
              count(distinct o.id)::int as orders,
              coalesce(sum(l.quantity * l.unit_price_cents), 0) as "revenueCents"
         from generate_series(
                make_date($1, 1, 1)::timestamp, make_date($1, 12, 1), interval '1 month'
              ) as m (start)
         left join shop.orders as o
           on o.placed_at >= m.start at time zone 'UTC'
          and o.placed_at < (m.start + interval '1 month') at time zone 'UTC'
          and o.status <> 'cancelled'
         left join shop.order_lines as l on l.order_id = o.id
        group by m.start
        order by m.start`,
      [year],
    );
    const total = months.reduce((sum, month) => sum + month.revenueCents, 0n);
    return { year, months, revenueCents: total };
  },
);
