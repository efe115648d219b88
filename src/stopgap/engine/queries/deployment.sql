-- A deployment of any environment, and where its functions are live.
-- parameters: id bigint
select
    d.env,
    d.status,
    d.label,
    d.source_schema,
    coalesce((d.manifest #>> '{prune,enabled}')::bool, false) as prune
from stopgap.deployment as d
where d.id = :id
