-- The last activation of a deployment.
-- parameters: deployment_id bigint
select a.id, a.outcome::text as outcome
from stopgap.activation_log as a
where a.to_deployment_id = :deployment_id
order by a.id desc
limit 1
