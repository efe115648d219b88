"""The privileges of every object of both extensions, for every role, as recorded.

After a change that is meant: `pytest --record tests/stopgap/test_privileges.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.golden import Golden
from tests.stopgap.roles import APP, DEPLOYER, MAINTAINER, NOBODY, READER
from tests.stopgap.schema import Connection, deploy, rows, write

GOLDEN = Path(__file__).with_name("privileges.txt")
# By the name that the record has for them. Everybody has what the last one has.
ROLES = {
    "stopgap_owner": "stopgap_owner",
    "reader": READER,
    "deployer": DEPLOYER,
    "maintainer": MAINTAINER,
    "app_user": APP,
    "anybody": NOBODY,
}

_OBJECTS = """
with member as (
    select d.classid, d.objid
    from pg_depend as d
    join pg_extension as x on x.oid = d.refobjid
    where d.deptype = 'e' and x.extname in ('plts', 'stopgap')
    union
    select 'pg_namespace'::regclass, n.oid from pg_namespace as n
    where n.nspname in ('plts', 'stopgap', 'live_deployment')
    union
    select 'pg_proc'::regclass, p.oid from pg_proc as p
    where p.pronamespace = 'live_deployment'::regnamespace
),
object as (
    select
        m.*,
        case
            when p.oid is not null then 'function'
            when n.oid is not null then 'schema'
            when l.oid is not null then 'language'
            when c.relkind = 'S' then 'sequence'
            when c.oid is not null then 'table'
        end as kind,
        (pg_identify_object(m.classid, m.objid, 0)).identity as name
    from member as m
    left join pg_proc as p on p.oid = m.objid and m.classid = 'pg_proc'::regclass
    left join pg_namespace as n
        on n.oid = m.objid and m.classid = 'pg_namespace'::regclass
    left join pg_language as l
        on l.oid = m.objid and m.classid = 'pg_language'::regclass
    left join pg_class as c on c.oid = m.objid and m.classid = 'pg_class'::regclass
)
select o.kind, o.name, array(
    select r.name || ' ' || string_agg(g.privilege, ' ' order by g.privilege)
    from unnest(%s::text[], %s::text[]) with ordinality as r (name, role, n)
    cross join lateral (
        select unnest(case o.kind
            when 'function' then array['EXECUTE']
            when 'schema' then array['CREATE', 'USAGE']
            when 'language' then array['USAGE']
            when 'sequence' then array['SELECT', 'UPDATE', 'USAGE']
            else array['DELETE', 'INSERT', 'REFERENCES', 'SELECT', 'TRIGGER',
                       'TRUNCATE', 'UPDATE']
        end) as privilege
    ) as g
    where case o.kind
        when 'function' then has_function_privilege(r.role, o.objid, g.privilege)
        when 'schema' then has_schema_privilege(r.role, o.objid, g.privilege)
        when 'language' then has_language_privilege(r.role, o.objid, g.privilege)
        when 'sequence' then has_sequence_privilege(r.role, o.objid, g.privilege)
        else has_table_privilege(r.role, o.objid, g.privilege)
    end
    group by r.name, r.n
    order by r.n
)
from object as o
where o.kind is not null
order by o.kind, o.name collate "C"
"""


def matrix(connection: Connection) -> str:
    """Return who may do what: an object a line, with each role that has a privilege."""
    write(connection, "f")
    deploy(connection)
    found = rows(connection, _OBJECTS, list(ROLES), list(ROLES.values()))
    lines = [f"{kind} {name}: {'; '.join(each)}" for kind, name, each in found]
    return "\n".join(lines) + "\n"


@pytest.mark.usefixtures("roles")
def test_privileges_are_those_recorded(connection: Connection, golden: Golden) -> None:
    golden(GOLDEN, matrix(connection))
