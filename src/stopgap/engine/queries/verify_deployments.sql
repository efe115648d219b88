-- Deployments whose status or lineage contradicts another row.
-- parameters: env text
select d.env, d.id, 'status' as check_name,
    'it is active, but its environment runs another' as message
from stopgap.deployment as d
join stopgap.environment as e on e.env = d.env
where d.status = 'active'
    and e.active_deployment_id is distinct from d.id
    and (:env is null or d.env = :env)
union all
select e.env, e.active_deployment_id, 'status',
    'its environment runs it, but '
        || coalesce('its status is ' || d.status, 'there is no such deployment')
from stopgap.environment as e
left join stopgap.deployment as d on d.id = e.active_deployment_id and d.env = e.env
where e.active_deployment_id is not null
    and d.status is distinct from 'active'
    and (:env is null or e.env = :env)
union all
select d.env, d.id, 'status', 'it was begun and never sealed'
from stopgap.deployment as d
where d.status = 'open' and (:env is null or d.env = :env)
union all
select d.env, d.id, 'lineage',
    'deployment ' || d.previous_id || ' before it is not of its environment'
from stopgap.deployment as d
left join stopgap.deployment as p on p.id = d.previous_id and p.env = d.env
where d.previous_id is not null
    and p.id is null
    and (:env is null or d.env = :env)
union all
select d.env, d.id, 'lineage',
    'deployment ' || d.previous_id || ' before it was removed'
from stopgap.deployment as d
join stopgap.deployment as p on p.id = d.previous_id and p.status = 'removed'
where d.status <> 'removed' and (:env is null or d.env = :env)
order by 1, 2
