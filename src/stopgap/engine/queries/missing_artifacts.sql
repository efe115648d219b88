-- Which artifacts plts.artifact lacks.
-- parameters: hashes text[]
select h.artifact_hash
from unnest(:hashes) as h (artifact_hash)
where not exists (
    select from plts.artifact as a where a.artifact_hash = h.artifact_hash
)
