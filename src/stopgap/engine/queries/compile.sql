-- Compile functions as one program, and store what is not stored yet.
-- parameters: oids oid[]
select compiled.artifact_hash
from unnest(
    plts.compile_and_store(
        array(
            select plts.artifact_source(f.oid)
            from unnest(:oids) with ordinality as f (oid, n)
            order by f.n
        ),
        '{}'
    )
) with ordinality as compiled (artifact_hash, n)
order by compiled.n
