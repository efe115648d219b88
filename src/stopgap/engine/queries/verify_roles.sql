-- Roles of stopgap that can do more than they should.
select
    r.rolname::text as role,
    case
        when r.rolname = 'stopgap_owner' and r.rolcanlogin then 'it can log in'
        when r.rolsuper then 'it is a superuser'
        when r.rolcreaterole then 'it can create roles'
        when r.rolcreatedb then 'it can create databases'
        when r.rolreplication then 'it can replicate'
        when r.rolbypassrls then 'it bypasses row security'
        when exists (
            select from pg_auth_members as m where m.roleid = r.oid
        ) then 'it has members'
        else 'it is a member of other roles'
    end as message
from pg_roles as r
where r.rolname in (
    'stopgap_owner',
    'stopgap_reader',
    'stopgap_deployer',
    'stopgap_maintainer',
    'app_user'
)
    and (
        r.rolsuper
        or r.rolcreaterole
        or r.rolcreatedb
        or r.rolreplication
        or r.rolbypassrls
        or r.rolname = 'stopgap_owner'
        and (
            r.rolcanlogin
            or exists (select from pg_auth_members as m where m.roleid = r.oid)
            or exists (select from pg_auth_members as m where m.member = r.oid)
        )
    )
order by 1
