-- Let the lineage lead past deployments that go.
-- parameters: ids bigint[], previous_ids bigint[]
update stopgap.deployment as d
set previous_id = r.previous_id
from unnest(:ids, :previous_ids) as r (id, previous_id)
where d.id = r.id
