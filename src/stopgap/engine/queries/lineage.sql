-- The deployments before one, along previous_id, nearest first. No more than there are,
-- for in tables that were changed by hand it can lead back to where it began.
-- parameters: deployment_id bigint
with recursive ancestor as (
    select d.id, d.status, d.previous_id, 0 as depth
    from stopgap.deployment as d
    where d.id = :deployment_id
    union all
    select d.id, d.status, d.previous_id, a.depth + 1
    from ancestor as a
    join stopgap.deployment as d on d.id = a.previous_id
    where a.depth < (select count(*) from stopgap.deployment)
)
select a.id, a.status
from ancestor as a
where a.depth > 0
order by a.depth
