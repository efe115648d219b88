-- A deployment as a bundle describes it.
-- parameters: env text, id bigint
select
    d.env,
    d.id,
    d.label,
    d.status,
    d.source_schema,
    to_jsonb(d.created_at) #>> '{}' as created_at,
    d.created_by,
    d.provenance::text as provenance
from stopgap.deployment as d
where d.env = :env and d.id = :id
