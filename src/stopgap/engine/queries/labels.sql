-- The labels of an environment's deployments that were active once, newest first.
-- parameters: env text, max_count int
select d.label
from stopgap.deployment as d
where d.env = :env
    and d.label is not null
    and d.status in ('active', 'superseded', 'rolled_back')
group by d.label
order by max(d.id) desc
limit :max_count
