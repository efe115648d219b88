-- All environments.
select e.env, e.live_schema, e.active_deployment_id
from stopgap.environment as e
order by e.env
