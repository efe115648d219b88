-- Everything that the compiler says of sources, as one program.
-- parameters: sources text[], options jsonb
select plts.typecheck_ts(:sources, :options)::text as diagnostics
