-- Privileges on the engine's objects that nobody should have: to write its tables, or
-- for everybody to call its functions.
select
    format('"%s" has %s on %s', grantee.name, a.privilege_type, c.oid::regclass)
        as message
from pg_class as c
cross join aclexplode(c.relacl) as a
cross join lateral (
    select case a.grantee when 0 then 'public' else pg_get_userbyid(a.grantee) end
        as name
) as grantee
where (
    c.relnamespace = 'stopgap'::regnamespace or c.oid = 'plts.artifact'::regclass
)
    and a.grantee <> c.relowner
    and a.privilege_type <> 'SELECT'
union all
select format('everybody may call %s', p.oid::regprocedure)
from pg_proc as p
cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
where p.pronamespace = 'stopgap'::regnamespace
    and a.grantee = 0
    and p.proname not in ('version', 'metrics')
union all
select format('"%s" may call %s', pg_get_userbyid(a.grantee), p.oid::regprocedure)
from pg_proc as p
cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
where p.oid = 'plts.delete_artifacts(text[])'::regprocedure
    and a.grantee <> p.proowner
    and a.grantee <> (select oid from pg_roles where rolname = 'stopgap_owner')
union all
select format('%s does not belong to stopgap_owner', p.oid::regprocedure)
from pg_proc as p
where p.pronamespace = 'stopgap'::regnamespace
    and p.prosecdef
    and p.proowner <> (select oid from pg_roles where rolname = 'stopgap_owner')
order by 1
