-- Compile sources as one program, and store what is not stored yet.
-- parameters: sources text[], options jsonb
select compiled.artifact_hash
from unnest(plts.compile_and_store(:sources, :options))
    with ordinality as compiled (artifact_hash, n)
order by compiled.n
