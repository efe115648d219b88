-- Live schemas that are missing, that others than the engine could change, or whose
-- grants are lost: the engine makes none without.
-- parameters: env text
select
    e.env,
    e.live_schema,
    case
        when n.oid is null then 'missing'
        when n.nspowner <> (select oid from pg_roles where rolname = 'stopgap_owner')
            then 'foreign'
        when n.nspacl is null then 'closed'
        else 'open'
    end as fault,
    case
        when n.oid is null then format('live schema "%s" does not exist', e.live_schema)
        when n.nspowner <> (select oid from pg_roles where rolname = 'stopgap_owner')
            then format(
                'live schema "%s" belongs to "%s"',
                e.live_schema, pg_get_userbyid(n.nspowner)
            )
        when n.nspacl is null
            then format('live schema "%s" has lost its grants', e.live_schema)
        else format(
            '%s may create functions in live schema "%s"',
            (
                select string_agg(
                    case a.grantee
                        when 0 then 'everybody'
                        else '"' || pg_get_userbyid(a.grantee) || '"'
                    end,
                    ', '
                )
                from aclexplode(n.nspacl) as a
                where a.privilege_type = 'CREATE' and a.grantee <> n.nspowner
            ),
            e.live_schema
        )
    end as message
from stopgap.environment as e
left join pg_namespace as n on n.nspname = e.live_schema
where (:env is null or e.env = :env)
    and case
        when n.oid is null then e.active_deployment_id is not null
        else n.nspowner <> (select oid from pg_roles where rolname = 'stopgap_owner')
            or n.nspacl is null
            or exists (
                select
                from aclexplode(n.nspacl) as a
                where a.privilege_type = 'CREATE' and a.grantee <> n.nspowner
            )
    end
order by e.env
