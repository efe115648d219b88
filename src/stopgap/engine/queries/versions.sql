-- The function versions of a deployment, in no order: to sort them here costs.
-- parameters: deployment_id bigint
select
    v.fn_name,
    v.kind,
    v.artifact_hash,
    v.pointer::text as pointer,
    v.attributes::text as attributes
from stopgap.fn_version as v
where v.deployment_id = :deployment_id
