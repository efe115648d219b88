-- Point an environment to a deployment.
-- parameters: env text, deployment_id bigint
update stopgap.environment
set active_deployment_id = :deployment_id, updated_at = clock_timestamp()
where env = :env
