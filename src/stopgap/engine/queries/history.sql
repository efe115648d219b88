-- The deployments of an environment, newest first, a page of them.
-- parameters: env text, max_count int, before_id bigint
select
    d.id,
    d.env,
    d.label,
    d.status,
    to_jsonb(d.created_at) #>> '{}' as created_at,
    d.created_by,
    d.source_schema,
    d.created_as,
    d.provenance::text as provenance,
    d.manifest::text as manifest,
    d.id is not distinct from e.active_deployment_id as is_active
from stopgap.deployment as d
join stopgap.environment as e on e.env = d.env
where d.env = :env
    -- What the audit alone still needs.
    and d.status <> 'removed'
    and (:before_id is null or d.id < :before_id)
order by d.id desc
limit :max_count
