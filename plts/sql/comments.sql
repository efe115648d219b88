-- Comments: what psql and other tools show of each object.

comment on schema plts is
'LANGUAGE plts: TypeScript functions, their compiler and their artifacts';
comment on language plts is
'TypeScript on V8, type-checked when a function is created';
comment on function plts.plts_call_handler() is 'runs functions of LANGUAGE plts';
comment on function plts.plts_inline_handler(internal) is
'runs DO blocks of LANGUAGE plts';
comment on function plts.plts_validator(oid) is
'type-checks functions of LANGUAGE plts and stores what it compiled';
comment on function plts.version() is 'version of the extension plts';
comment on function plts.metrics() is
'counters of this backend: compilations and executions, their errors and latencies';
comment on function plts.library_directory() is
'folder that the library of plts was loaded from';
comment on function plts.compile_ts(text, jsonb) is
'compiles a TypeScript module; stores nothing';
comment on function plts.typecheck_ts(text, jsonb) is
'diagnostics of a TypeScript module as a JSON array; stores nothing';
comment on function plts.typecheck_ts(text[], jsonb) is
'diagnostics of several TypeScript modules as one JSON array; stores nothing';
comment on function plts.artifact_hash(text, jsonb) is
'the hash that the artifact of a source has, without compiling it';
comment on function plts.artifact_source(oid) is
'text of the module that a source function is; NULL for pointers and other functions';
comment on function plts.compile_and_store(text, jsonb) is
'compiles a TypeScript module, stores it and returns its hash';
comment on function plts.compile_and_store(text[], jsonb) is
'compiles TypeScript modules as one program, stores them and returns their hashes';
comment on function plts.upsert_artifact(text, text, jsonb) is
'stores JavaScript that the compiler did not make; for superusers';
comment on function plts.get_artifact(text) is
'an artifact as a JSON object, or NULL';
comment on function plts.store_what_compiles(text[], text[]) is
'stores the sources that compile and warns of the others; returns how many';
comment on function plts.skip_stored() is
'keeps what is stored where a restore brings it again';
comment on function plts.recompile() is
'compiles and stores what source functions lack, as after a restore; returns how many';
comment on function plts.deletable_artifacts(text[]) is
'those of these artifacts that no function, and no other artifact, needs';
comment on function plts.delete_artifacts(text[]) is
'deletes those of these artifacts that nothing needs, and returns their hashes';
comment on table plts.artifact is 'compiled modules, immutable, by their hash';
comment on column plts.artifact.artifact_hash is
'names the source, its options and the contract of the runtime';
comment on column plts.artifact.source_ts is
'TypeScript; a plain body with the function it was wrapped in';
comment on column plts.artifact.compiled_js is 'what is executed';
comment on column plts.artifact.compiled_sha256 is 'hash of compiled_js alone';
comment on column plts.artifact.compiler_opts is 'options it was compiled with';
comment on column plts.artifact.compiler_fingerprint is
'the compiler and its libraries, as they were then';
comment on column plts.artifact.created_at is 'when it was stored';
comment on column plts.artifact.source_map is
'maps compiled_js to source_ts, JSON version 3';
comment on column plts.artifact.diagnostics is 'warnings of the compiler';
comment on column plts.artifact.exports is
'what the module exports, found by the compiler';
comment on column plts.artifact.imports is
'specifiers of what the module imports, as import maps resolve them';
comment on column plts.artifact.import_map is
'bare specifiers that the module imports, and what each stands for';
