-- Artifacts with all that they import.
-- parameters: hashes text[]
with recursive needed as (
    select a.artifact_hash, a.imports
    from plts.artifact as a
    where a.artifact_hash = any (:hashes)
    union
    select a.artifact_hash, a.imports
    from needed as n
    cross join unnest(n.imports) as i (specifier)
    join plts.artifact as a on 'plts+artifact:' || a.artifact_hash = i.specifier
)
select
    a.artifact_hash,
    a.source_ts,
    a.compiler_opts::text as compiler_opts,
    a.compiled_js,
    a.compiled_sha256,
    a.compiler_fingerprint,
    a.imports
from needed as n
join plts.artifact as a on a.artifact_hash = n.artifact_hash
order by a.artifact_hash
