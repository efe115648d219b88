-- Every deployment that retention decides about, with what it decides by. One that ran
-- is as old as the day it was left.
-- parameters: env text, older_than interval
select
    d.id,
    d.env,
    d.label,
    d.status,
    to_jsonb(d.created_at) #>> '{}' as created_at,
    d.previous_id,
    coalesce(
        greatest(
            d.created_at,
            (
                select max(a.activated_at)
                from stopgap.activation_log as a
                where a.from_deployment_id = d.id
            )
        ) < clock_timestamp() - :older_than,
        true
    ) as is_old,
    exists (select from stopgap.activation_log as a where a.to_deployment_id = d.id)
    or exists (
        select from stopgap.activation_log as a where a.from_deployment_id = d.id
    )
    as is_logged,
    (
        select a.outcome::text
        from stopgap.activation_log as a
        where a.to_deployment_id = d.id
        order by a.id desc
        limit 1
    ) as last_outcome
from stopgap.deployment as d
where (:env is null or d.env = :env) and d.status <> 'removed'
order by d.env, d.id desc
