-- The versions of functions in all deployments of an environment.
-- parameters: env text, names text[]
select
    v.deployment_id,
    v.fn_name,
    v.kind,
    v.artifact_hash,
    v.pointer::text as pointer,
    v.attributes::text as attributes
from stopgap.fn_version as v
join stopgap.deployment as d on d.id = v.deployment_id
where d.env = :env and v.fn_name = any (:names)
order by v.deployment_id
