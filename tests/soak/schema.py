"""What the soak's sessions work on: tables, roles, functions, and a source schema."""

from __future__ import annotations

from stopgap.server.cluster import SUPERUSER

ROLES = tuple(f"soak_role_{number}" for number in range(20))

SETUP = """
create schema soak;
create schema soak_src;
grant usage on schema soak to public;
create table soak.item (id int primary key, name text, price numeric(10, 2));
insert into soak.item select g, 'item ' || g, g from generate_series(1, 500) g;
create table soak.seen (id int, at timestamptz default now());
create table soak.read_by_row (a int, b text);
insert into soak.read_by_row select g, 'x' from generate_series(1, 20) g;
create type soak.pair as (x int, y text);
grant all on all tables in schema soak to public;

create function soak.add_one(n int) returns int language plts as 'return n! + 1';
create function soak.document(d jsonb) returns jsonb language plts strict as
    'return { ...d, seen: true }';
create function soak.pair_of(n int) returns soak.pair language plts strict as
    'return { x: n, y: String(n) }';
create function soak.pairs(n int) returns setof soak.pair language plts strict as
    'for (let i = 0; i < n; i++) yield { x: i, y: null }';
create function soak.priced(low int) returns numeric language plts strict as $$
    const rows = await ctx.db.query<{ price: any }>(
        "select price from soak.item where id > $1 order by id limit 20", [low]);
    return rows.length
$$;
create function soak.rows_by_row() returns int language plts as $$
    const rows = ctx.db.sync.query<any>("select r from soak.read_by_row r");
    return rows.length
$$;
create function soak.of_row(r soak.pair) returns text language plts strict as
    'return JSON.stringify(r)';
create function soak.caught() returns text language plts as $$
    try { ctx.db.sync.query("select 1/0"); return "none" }
    catch (error: any) { return error.code }
$$;
create function soak.throws() returns int language plts as
    'throw new Error("of the soak")';
create function soak.unfit() returns int language plts as
    'return "no number" as any';
create function soak.endless() returns int language plts as
    'const a = [1]; for (;;) { a.push(1); if (a.length > 1e5) a.length = 0 }';
create function soak.temporary(name text) returns int language plts strict as $$
    ctx.db.sync.exec(`create temp table ${name} as select g as a, g::text as b
        from generate_series(1, 10) g`);
    const rows = ctx.db.sync.query<any>(`select t from ${name} t`);
    ctx.db.sync.exec(`drop table ${name}`);
    return rows.length
$$;
create function soak.on_seen() returns trigger language plts as
    'ctx.trigger.new.id = (ctx.trigger.new.id as number) + 1';
create trigger on_seen before insert on soak.seen
    for each row execute function soak.on_seen();
create function soak.rank() returns bigint language plts window as
    'return BigInt(ctx.window.position)';
"""


def source(version: int) -> str:
    """Return a version of what the source schema has."""
    answer = "({ version: " + str(version) + ", n: ctx.args?.n ?? null })"
    return "".join(
        f"create or replace function soak_src.live_{number}(args jsonb) returns jsonb"
        f" language plts as $ts$ export default (ctx: Ctx<any>) => {answer} $ts$;\n"
        for number in range(10)
    )


def roles() -> str:
    """Return what makes the roles that sessions change to."""
    return "".join(
        f"create role {name}; grant {name} to {SUPERUSER};\ngrant app_user to {name};\n"
        for name in ROLES
    )
