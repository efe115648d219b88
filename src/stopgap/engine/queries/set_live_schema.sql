-- Give an environment in which nothing was ever active another live schema.
-- parameters: env text, live_schema text
update stopgap.environment
set live_schema = :live_schema, updated_at = clock_timestamp()
where env = :env and active_deployment_id is null
