-- The roles to which default privileges of stopgap_owner give functions or schemas that
-- it makes, for everywhere or for one schema.
-- parameters: schema text
select distinct
    d.defaclobjtype::text as kind,
    r.rolname::text as name
from pg_default_acl as d
cross join aclexplode(d.defaclacl) as a
join pg_roles as r on r.oid = a.grantee
where d.defaclrole = (select oid from pg_roles where rolname = 'stopgap_owner')
    and d.defaclobjtype in ('f', 'n')
    and a.grantee <> d.defaclrole
    and (
        d.defaclnamespace = 0
        or d.defaclnamespace = (select oid from pg_namespace where nspname = :schema)
    )
order by 1, 2
