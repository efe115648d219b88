-- Privileges of a fresh install; an update leaves those that people granted since.

-- The language is trusted, but whoever may use it may spend memory and time of the
-- server: the administrator grants it.
revoke all on language plts from public;
revoke all on function
plts.plts_call_handler(),
plts.plts_inline_handler(internal),
plts.plts_validator(oid),
plts.library_directory(),
plts.compile_ts(text, jsonb),
plts.typecheck_ts(text, jsonb),
plts.typecheck_ts(text[], jsonb),
plts.artifact_hash(text, jsonb),
plts.artifact_source(oid),
plts.compile_and_store(text, jsonb),
plts.compile_and_store(text[], jsonb),
plts.upsert_artifact(text, text, jsonb),
plts.get_artifact(text),
plts.store_what_compiles(text[], text[]),
plts.skip_stored(),
plts.recompile(),
plts.deletable_artifacts(text[]),
plts.delete_artifacts(text[])
from public;
grant usage on schema plts to public;
