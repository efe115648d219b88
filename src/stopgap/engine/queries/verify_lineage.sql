-- What every deployment goes back to.
-- parameters: env text
select
    d.id,
    d.env,
    d.previous_id
from stopgap.deployment as d
where d.previous_id is not null and (:env is null or d.env = :env)
order by d.env, d.id
