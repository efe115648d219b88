-- How many functions each of several deployments has.
-- parameters: deployment_ids bigint[]
select v.deployment_id, count(*)::int as function_count
from stopgap.fn_version as v
where v.deployment_id = any (:deployment_ids)
group by v.deployment_id
