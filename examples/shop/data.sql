-- The data of the shop: the same few thousand rows every time, from arithmetic alone.
-- The prime factors spread the values, so that they look chosen without being random.

insert into shop.customers (email, name, country, joined_at)
select
  format('%s.%s.%s@example.com', lower(first), lower(last), n),
  first || ' ' || last,
  (array['DE', 'FR', 'IT', 'NL', 'US'])[1 + n * 7 % 5],
  timestamptz '2024-01-01 09:00+00' + n * interval '17 hours'
from generate_series(1, 500) as n
cross join lateral (
  select
    (array['Ada', 'Ben', 'Cleo', 'Dina', 'Emil', 'Fay', 'Gus', 'Hana'])[1 + n % 8],
    (array['Arbor', 'Birk', 'Castle', 'Dorn', 'Elm', 'Ford', 'Grove'])[1 + n * 3 % 7]
) as person (first, last)
order by n;

insert into shop.products (sku, name, category, price_cents, weight_grams, stock)
select
  format('%s-%s', upper(left(category, 3)), to_char(n, 'FM000')),
  format(
    '%s %s',
    (array['Plain', 'Folding', 'Heavy', 'Light', 'Classic'])[1 + n * 3 % 5],
    (array['lamp', 'chair', 'kettle', 'shelf', 'clock', 'basket'])[1 + n % 6]
  ),
  category,
  500 + n * 137 % 9500,
  100 + n * 53 % 4900,
  20 + n * 31 % 180
from generate_series(1, 150) as n
cross join lateral (
  select (array['kitchen', 'living', 'garden'])[1 + n % 3]
) as place (category)
order by n;

insert into shop.orders (customer_id, status, placed_at)
select
  1 + n * 7919 % 500,
  case when n % 20 = 0 then 'cancelled' when n > 1900 then 'placed' else 'shipped' end,
  timestamptz '2025-01-01 08:00+00' + n * interval '4 hours'
from generate_series(1, 2000) as n
order by n;

-- One to four lines an order, never the same product twice in one.
insert into shop.order_lines (order_id, line_no, product_id, quantity, unit_price_cents)
select o.id, line_no, p.id, 1 + (o.id + line_no) % 3, p.price_cents
from shop.orders as o
cross join lateral generate_series(1, 1 + o.id % 4) as line_no
join shop.products as p on p.id = 1 + (o.id * 13 + line_no * 37) % 150
order by o.id, line_no;

insert into shop.stock_movements (product_id, order_id, change, reason, moved_at)
select l.product_id, l.order_id, -l.quantity, 'sold', o.placed_at
from shop.order_lines as l
join shop.orders as o on o.id = l.order_id
where o.status <> 'cancelled'
order by l.order_id, l.line_no;

analyze shop.customers, shop.products, shop.orders;
analyze shop.order_lines, shop.stock_movements;
