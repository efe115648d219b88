-- What was compiled of artifacts, and by what.
-- parameters: hashes text[]
select
    a.artifact_hash,
    a.compiled_sha256,
    a.compiler_fingerprint,
    a.exports #>> '{default,kind}' as kind
from plts.artifact as a
where a.artifact_hash = any (:hashes)
