-- A deployment as the status shows it.
-- parameters: id bigint
select
    d.id,
    d.label,
    d.status,
    to_jsonb(d.created_at) #>> '{}' as created_at,
    d.created_by,
    d.source_schema,
    d.created_as,
    d.provenance::text as provenance,
    d.manifest::text as manifest
from stopgap.deployment as d
where d.id = :id
