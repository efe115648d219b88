-- Privileges: stopgap_owner owns all of it, deployers deploy, maintainers remove
-- history, both read as readers do, the public learns the version.
--
-- The functions run as stopgap_owner because the tables and the live schemas are
-- nobody else's to write. They check what the caller may do themselves.

alter schema stopgap owner to stopgap_owner;

alter table stopgap.environment owner to stopgap_owner;
alter table stopgap.deployment owner to stopgap_owner;
alter table stopgap.fn_version owner to stopgap_owner;
alter table stopgap.activation_log owner to stopgap_owner;
alter table stopgap.dropped_function owner to stopgap_owner;
alter table stopgap.repair_log owner to stopgap_owner;
alter view stopgap.activation_audit owner to stopgap_owner;
alter view stopgap.environment_overview owner to stopgap_owner;

alter function stopgap.add_foreign_keys() owner to stopgap_owner;
alter function stopgap.load_engine() owner to stopgap_owner;
alter function stopgap.version() owner to stopgap_owner;
alter function stopgap.metrics() owner to stopgap_owner;
alter function stopgap.deploy(text, text, text, jsonb) owner to stopgap_owner;
alter function stopgap.rollback(text, int, bigint, jsonb) owner to stopgap_owner;
alter function stopgap.status(text) owner to stopgap_owner;
alter function stopgap.deployments(text, int, bigint, bool) owner to stopgap_owner;
alter function stopgap.diff(text, text, jsonb) owner to stopgap_owner;
alter function stopgap.plan(text, text, jsonb) owner to stopgap_owner;
alter function stopgap.activate(text, bigint, jsonb) owner to stopgap_owner;
alter function stopgap.repair(text, jsonb) owner to stopgap_owner;
alter function stopgap.record_failure(text, text, jsonb, jsonb) owner to stopgap_owner;
alter function stopgap.find_deployment(text, text) owner to stopgap_owner;
alter function stopgap.gc(jsonb) owner to stopgap_owner;
alter function stopgap.promote(text, text, jsonb) owner to stopgap_owner;
alter function stopgap.export_deployment(text, bigint, jsonb) owner to stopgap_owner;
alter function stopgap.import_deployment(text, jsonb, jsonb) owner to stopgap_owner;
alter function stopgap.verify(jsonb) owner to stopgap_owner;

-- What the engine needs of others.
grant usage on schema plts to stopgap_owner;
grant usage on language plts to stopgap_owner;
grant select on plts.artifact to stopgap_owner;
grant execute on function plts.library_directory() to stopgap_owner;
grant execute on function plts.artifact_source(oid) to stopgap_owner;
grant execute on function plts.artifact_hash(text, jsonb) to stopgap_owner;
grant execute on function plts.compile_and_store(text[], jsonb) to stopgap_owner;
grant execute on function plts.typecheck_ts(text[], jsonb) to stopgap_owner;
grant execute on function plts.deletable_artifacts(text[]) to stopgap_owner;
grant execute on function plts.delete_artifacts(text[]) to stopgap_owner;

-- The live schemas are the engine's to create.
do $$
begin
    execute pg_catalog.format(
        'grant create on database %I to stopgap_owner', pg_catalog.current_database()
    );
end
$$;

revoke all on schema stopgap from public;
grant usage on schema stopgap to public;

revoke all on function stopgap.add_foreign_keys() from public;
revoke all on function stopgap.load_engine() from public;
revoke all on function stopgap.deploy(text, text, text, jsonb) from public;
revoke all on function stopgap.rollback(text, int, bigint, jsonb) from public;
revoke all on function stopgap.status(text) from public;
revoke all on function stopgap.deployments(text, int, bigint, bool) from public;
revoke all on function stopgap.diff(text, text, jsonb) from public;
revoke all on function stopgap.plan(text, text, jsonb) from public;
revoke all on function stopgap.activate(text, bigint, jsonb) from public;
revoke all on function stopgap.repair(text, jsonb) from public;
revoke all on function stopgap.record_failure(text, text, jsonb, jsonb) from public;
revoke all on function stopgap.find_deployment(text, text) from public;
revoke all on function stopgap.gc(jsonb) from public;
revoke all on function stopgap.promote(text, text, jsonb) from public;
revoke all on function stopgap.export_deployment(text, bigint, jsonb) from public;
revoke all on function stopgap.import_deployment(text, jsonb, jsonb) from public;
revoke all on function stopgap.verify(jsonb) from public;
revoke all on function stopgap.after_restore(jsonb) from public;

-- What 0.1.0 had given to deployers, others have now, or they have it as readers.
revoke all on function stopgap.status(text) from stopgap_deployer;
revoke all on function stopgap.deployments(text, int, bigint, bool)
    from stopgap_deployer;
revoke all on function stopgap.diff(text, text, jsonb) from stopgap_deployer;
revoke all on all tables in schema stopgap from stopgap_deployer;
revoke all on schema plts from stopgap_deployer;
revoke all on plts.artifact from stopgap_deployer;
revoke all on function plts.get_artifact(text) from stopgap_deployer;
revoke all on function plts.typecheck_ts(text[], jsonb) from stopgap_deployer;

grant execute on function stopgap.deploy(text, text, text, jsonb) to stopgap_deployer;
grant execute on function stopgap.rollback(text, int, bigint, jsonb)
    to stopgap_deployer;
grant execute on function stopgap.status(text) to stopgap_reader;
grant execute on function stopgap.deployments(text, int, bigint, bool)
    to stopgap_reader;
grant execute on function stopgap.diff(text, text, jsonb) to stopgap_reader;
grant execute on function stopgap.plan(text, text, jsonb) to stopgap_reader;
grant execute on function stopgap.activate(text, bigint, jsonb) to stopgap_deployer;
grant execute on function stopgap.repair(text, jsonb) to stopgap_deployer;
grant execute on function stopgap.record_failure(text, text, jsonb, jsonb)
    to stopgap_deployer;
grant execute on function stopgap.find_deployment(text, text) to stopgap_deployer;
grant execute on function stopgap.gc(jsonb) to stopgap_maintainer;
grant execute on function stopgap.promote(text, text, jsonb) to stopgap_deployer;
grant execute on function stopgap.export_deployment(text, bigint, jsonb)
    to stopgap_reader;
grant execute on function stopgap.import_deployment(text, jsonb, jsonb)
    to stopgap_deployer;
grant execute on function stopgap.verify(jsonb) to stopgap_reader;

-- Readers read everything: the history, and the code that it refers to.
grant select on
    stopgap.environment,
    stopgap.deployment,
    stopgap.fn_version,
    stopgap.activation_log,
    stopgap.dropped_function,
    stopgap.repair_log,
    stopgap.activation_audit,
    stopgap.environment_overview
    to stopgap_reader;
grant usage on schema plts to stopgap_reader;
grant select on plts.artifact to stopgap_reader;
grant execute on function plts.get_artifact(text) to stopgap_reader;
grant execute on function plts.typecheck_ts(text[], jsonb) to stopgap_reader;
