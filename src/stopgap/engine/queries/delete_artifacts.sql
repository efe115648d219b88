-- Delete artifacts, by the one way that there is.
-- parameters: hashes text[]
select d.artifact_hash
from plts.delete_artifacts(:hashes) as d (artifact_hash)
