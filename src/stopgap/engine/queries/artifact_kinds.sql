-- What the compiler recorded of default exports, by artifact.
-- parameters: hashes text[]
select a.artifact_hash, a.exports #>> '{default,kind}' as kind
from plts.artifact as a
where a.artifact_hash = any (:hashes)
