-- How much there is to verify.
-- parameters: env text
select
    (select count(*) from stopgap.environment as e where :env is null or e.env = :env)
        as environments,
    (select count(*) from stopgap.deployment as d where :env is null or d.env = :env)
        as deployments,
    (
        select count(*)
        from stopgap.fn_version as v
        join stopgap.deployment as d on d.id = v.deployment_id
        where :env is null or d.env = :env
    ) as functions,
    (select count(*) from plts.artifact) as artifacts
