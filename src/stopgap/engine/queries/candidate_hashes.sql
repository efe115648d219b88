-- The hashes that functions would have as artifacts, without compiling them.
-- parameters: oids oid[]
select plts.artifact_hash(plts.artifact_source(f.oid), '{}') as artifact_hash
from unnest(:oids) with ordinality as f (oid, n)
order by f.n
