-- The text that is compiled for each function.
-- parameters: oids oid[]
select plts.artifact_source(f.oid) as source_ts
from unnest(:oids) with ordinality as f (oid, n)
order by f.n
