-- Those of the engine's roles that should be members of stopgap_reader, and are not.
select r.rolname::text as role
from pg_roles as r
where r.rolname in ('stopgap_deployer', 'stopgap_maintainer')
    and not pg_has_role(r.oid, 'stopgap_reader', 'member')
order by r.rolname
