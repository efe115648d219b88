-- The function versions of a deployment.
-- parameters: deployment_id bigint
select
    v.deployment_id,
    v.fn_name,
    v.kind,
    v.artifact_hash,
    v.pointer::text as pointer,
    v.attributes::text as attributes
from stopgap.fn_version as v
where v.deployment_id = :deployment_id
order by v.fn_name collate "C"
