-- Everything that the compiler says of functions, as one program.
-- parameters: oids oid[]
select plts.typecheck_ts(
    array(
        select plts.artifact_source(f.oid)
        from unnest(:oids) with ordinality as f (oid, n)
        order by f.n
    ),
    '{}'
)::text as diagnostics
