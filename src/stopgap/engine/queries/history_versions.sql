-- The function versions of several deployments, no more than a number of them.
-- parameters: deployment_ids bigint[], max_count int
select
    v.deployment_id,
    v.fn_name,
    v.fn_schema,
    v.live_fn_schema,
    v.kind,
    v.artifact_hash,
    v.pointer::text as pointer,
    v.attributes::text as attributes
from stopgap.fn_version as v
where v.deployment_id = any (:deployment_ids)
order by v.deployment_id, v.fn_name collate "C"
limit :max_count
