-- The status of a deployment of an environment.
-- parameters: env text, id bigint
select d.status from stopgap.deployment as d where d.env = :env and d.id = :id
