-- The first line of the text that is compiled for each function.
-- parameters: oids oid[]
select split_part(plts.artifact_source(f.oid), E'\n', 1) as first_line
from unnest(:oids) with ordinality as f (oid, n)
order by f.n
