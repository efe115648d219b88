-- Function versions of several deployments, by deployment and name.
-- parameters: deployment_ids bigint[], names text[]
select
    v.deployment_id,
    v.fn_name,
    v.kind,
    v.artifact_hash,
    v.pointer::text as pointer,
    v.attributes::text as attributes
from unnest(:deployment_ids, :names) as r (deployment_id, fn_name)
join stopgap.fn_version as v using (deployment_id, fn_name)
