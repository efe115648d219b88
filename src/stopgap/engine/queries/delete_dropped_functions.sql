-- Forget the grants of functions that no deployment that is left could bring back: a
-- rollback asks for what was dropped since its target was last activated.
-- parameters: env text
with last_activation as (
    select d.env, max(a.id) as id
    from stopgap.activation_log as a
    join stopgap.deployment as d on d.id = a.to_deployment_id
    where d.status <> 'removed' and (:env is null or d.env = :env)
    group by d.env, a.to_deployment_id
),
oldest as (
    select l.env, min(l.id) as id
    from last_activation as l
    group by l.env
)
delete from stopgap.dropped_function as f
using oldest as o
where f.env = o.env and f.activation_id <= o.id
