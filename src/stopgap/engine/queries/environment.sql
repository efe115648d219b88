-- An environment, none where it was never deployed to.
-- parameters: env text
select
    e.env,
    e.live_schema,
    e.active_deployment_id,
    to_jsonb(e.updated_at) #>> '{}' as updated_at
from stopgap.environment as e
where e.env = :env
