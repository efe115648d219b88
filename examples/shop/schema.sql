-- The tables of a small shop: what its TypeScript functions read and write.
-- Needs the extension stopgap, whose role app_user calls the functions.

create schema shop;

create table shop.customers (
  id integer generated always as identity primary key,
  email text not null constraint customers_email_key unique,
  name text not null,
  country char(2) not null,
  joined_at timestamptz not null default now()
);

create table shop.products (
  id integer generated always as identity primary key,
  sku text not null constraint products_sku_key unique,
  name text not null,
  category text not null,
  price_cents integer not null
    constraint products_price_positive check (price_cents > 0),
  weight_grams integer not null
    constraint products_weight_positive check (weight_grams > 0),
  stock integer not null
    constraint products_stock_not_negative check (stock >= 0)
);

create index products_category_idx on shop.products (category);

create table shop.orders (
  id integer generated always as identity primary key,
  customer_id integer not null
    constraint orders_customer_fkey references shop.customers,
  status text not null default 'placed'
    constraint orders_status_known check (status in ('placed', 'shipped', 'cancelled')),
  discount_cents integer not null default 0
    constraint orders_discount_not_negative check (discount_cents >= 0),
  placed_at timestamptz not null default now()
);

create index orders_customer_idx on shop.orders (customer_id);
create index orders_placed_at_idx on shop.orders (placed_at);

create table shop.order_lines (
  order_id integer not null
    constraint order_lines_order_fkey references shop.orders,
  line_no integer not null,
  product_id integer not null
    constraint order_lines_product_fkey references shop.products,
  quantity integer not null
    constraint order_lines_quantity_positive check (quantity > 0),
  unit_price_cents integer not null,
  primary key (order_id, line_no)
);

create index order_lines_product_idx on shop.order_lines (product_id);

create table shop.stock_movements (
  id bigint generated always as identity primary key,
  product_id integer not null references shop.products,
  order_id integer references shop.orders,
  change integer not null
    constraint stock_movements_change_not_zero check (change <> 0),
  reason text not null,
  moved_at timestamptz not null default now()
);

-- A live function runs with the rights of its caller, so the caller needs them.
grant usage on schema shop to app_user;
grant select on all tables in schema shop to app_user;
grant insert on shop.customers, shop.orders, shop.order_lines, shop.stock_movements
  to app_user;
grant update on shop.products, shop.orders to app_user;
