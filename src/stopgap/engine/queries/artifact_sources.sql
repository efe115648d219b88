-- The TypeScript of artifacts, by hash.
-- parameters: hashes text[]
select a.artifact_hash, a.source_ts
from plts.artifact as a
where a.artifact_hash = any (:hashes)
