-- The deployments of an environment with a label that were active once, newest first.
-- parameters: env text, label text
select d.id, d.status
from stopgap.deployment as d
where d.env = :env
    and d.label = :label
    and d.status in ('active', 'superseded', 'rolled_back')
order by d.id desc
