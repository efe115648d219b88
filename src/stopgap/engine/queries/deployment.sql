-- A deployment of any environment, and where its functions are live.
-- parameters: id bigint
select
    d.env,
    d.status,
    d.label,
    d.source_schema,
    coalesce((d.manifest #>> '{prune,enabled}')::bool, false) as prune,
    d.provenance::text as provenance,
    (d.manifest -> 'skipped')::text as skipped
from stopgap.deployment as d
where d.id = :id
