"""ALTER EXTENSION stopgap UPDATE: from the first version on, with what it had."""

from __future__ import annotations

import pytest

from tests.stopgap.schema import Connection

# Everything that an extension has, as text that two databases can be compared by.
_MEMBERS = """
select coalesce(
    pg_get_functiondef(p.oid) || coalesce(p.proacl::text, ''),
    pg_get_viewdef(c.oid) || coalesce(c.relacl::text, ''),
    (
        select c.relname || string_agg(
            a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' '
            || a.attnotnull || ' '
            || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || ' '
            || coalesce(col_description(c.oid, a.attnum), ''),
            ', ' order by a.attname
        ) || coalesce(c.relacl::text, '')
        from pg_attribute as a
        left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    ),
    pg_describe_object(m.classid, m.objid, 0)
) || ' ' || coalesce(obj_description(m.objid, m.classid::regclass::text::name), '')
from pg_depend as m
join pg_extension as x on x.oid = m.refobjid and x.extname = %s
left join pg_proc as p on p.oid = m.objid and m.classid = 'pg_proc'::regclass
left join pg_class as c on c.oid = m.objid and m.classid = 'pg_class'::regclass
where m.deptype = 'e' and m.classid <> 'pg_type'::regclass
union all
select pg_get_constraintdef(k.oid) from pg_constraint as k
where k.connamespace = %s::regnamespace and k.contype <> 't'
union all
select pg_get_indexdef(i.indexrelid) from pg_index as i
join pg_class as c on c.oid = i.indexrelid and c.relnamespace = %s::regnamespace
"""


def members(connection: Connection, extension: str) -> set[str]:
    rows = connection.execute(_MEMBERS, [extension] * 3).fetchall()
    return {str(row[0]) for row in rows}


@pytest.mark.parametrize("extension", ["plts", "stopgap"])
def test_an_update_ends_like_a_fresh_install(
    connection: Connection, extension: str
) -> None:
    fresh = members(connection, extension)
    connection.execute("drop extension stopgap; drop extension plts cascade")
    connection.execute("create extension plts version '0.1.0'")
    connection.execute("create extension stopgap version '0.1.0'")
    old = members(connection, extension)

    connection.execute("alter extension plts update")
    connection.execute("alter extension stopgap update")

    assert members(connection, extension) == fresh
    assert old
