-- What an update does when everything is there.

revoke all on function
plts.plts_inline_handler(internal),
plts.store_what_compiles(text[], text[]),
plts.skip_stored(),
plts.deletable_artifacts(text[]),
plts.delete_artifacts(text[])
from public;

-- What 0.1.0 stored is found by the same hash, unless a new version reads a signature
-- in another way: then it is compiled once here, and not in each session.
select plts.recompile();
