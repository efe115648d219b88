-- How much text artifacts have, with all that they import.
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
    coalesce(sum(octet_length(a.source_ts) + octet_length(a.compiled_js)), 0)::bigint
        as bytes
from needed as n
join plts.artifact as a on a.artifact_hash = n.artifact_hash
