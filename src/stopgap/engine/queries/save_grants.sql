-- Keep the grants of functions that are about to be dropped, by role name.
-- parameters: env text, activation_id bigint, oids oid[]
insert into stopgap.dropped_function (env, fn_name, activation_id, grants)
select
    :env,
    p.proname,
    :activation_id,
    coalesce(
        (
            select jsonb_object_agg(
                g.grantee, jsonb_build_object('grantable', g.grantable)
            )
            from (
                select
                    case a.grantee
                        when 0 then 'public'
                        else pg_get_userbyid(a.grantee)::text
                    end as grantee,
                    bool_or(a.is_grantable) as grantable
                from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
                where a.privilege_type = 'EXECUTE' and a.grantee <> p.proowner
                group by a.grantee
            ) as g
        ),
        '{}'
    )
from pg_proc as p
where p.oid = any (:oids)
