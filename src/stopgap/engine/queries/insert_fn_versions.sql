-- Record the functions of a deployment.
-- parameters: deployment_id bigint, fn_schema text, live_fn_schema text, names text[]
-- parameters: kinds text[], hashes text[], pointers text[], attributes text[]
insert into stopgap.fn_version (
    deployment_id, fn_name, fn_schema, live_fn_schema, kind, artifact_hash,
    pointer, attributes
)
select
    :deployment_id, f.fn_name, :fn_schema, :live_fn_schema, f.kind, f.artifact_hash,
    f.pointer::jsonb, f.attributes::jsonb
from unnest(:names, :kinds, :hashes, :pointers, :attributes)
    as f (fn_name, kind, artifact_hash, pointer, attributes)
