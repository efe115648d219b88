-- The hashes that sources have as artifacts, without compiling them.
-- parameters: sources text[], options text[]
select plts.artifact_hash(s.source_ts, s.options::jsonb) as artifact_hash
from unnest(:sources, :options) with ordinality as s (source_ts, options, n)
order by s.n
