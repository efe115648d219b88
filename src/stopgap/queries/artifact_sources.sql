-- The TypeScript of the artifacts with these hashes, null where there is none.
select wanted.hash, plts.get_artifact(wanted.hash) ->> 'source_ts' as source_ts
from unnest(%(hashes)s::text []) as wanted (hash)
