-- Comments: what each object is, for \d+ and \df+.

comment on table stopgap.environment is
    'A named place to deploy to, with a live schema of its own';
comment on column stopgap.environment.env is 'Name of the environment';
comment on column stopgap.environment.live_schema is
    'Schema of the live functions, the engine''s alone';
comment on column stopgap.environment.active_deployment_id is
    'What the environment runs; a deployment of the same environment';
comment on column stopgap.environment.updated_at is 'When that was last changed';

comment on table stopgap.deployment is
    'An immutable set of function versions of one environment';
comment on column stopgap.deployment.id is 'Drawn under the environment''s lock';
comment on column stopgap.deployment.env is 'Where it was deployed to';
comment on column stopgap.deployment.label is 'What its author calls it';
comment on column stopgap.deployment.created_at is 'Wall clock time of the deploy';
comment on column stopgap.deployment.created_by is 'Who had logged in';
comment on column stopgap.deployment.created_as is 'The role in force';
comment on column stopgap.deployment.source_schema is 'Where the functions come from';
comment on column stopgap.deployment.status is
    'open, sealed, active, superseded, rolled_back, failed or removed';
comment on column stopgap.deployment.previous_id is
    'What was active at its first activation; the way back of a rollback';
comment on column stopgap.deployment.provenance is
    'Where the sources come from: what its author, and the engine, say of it';
comment on column stopgap.deployment.manifest is
    'What was sealed; the function list is rendered from fn_version';

comment on table stopgap.fn_version is
    'One function of one deployment, and its artifact';
comment on column stopgap.fn_version.deployment_id is 'The deployment';
comment on column stopgap.fn_version.fn_name is 'Name, in both schemas';
comment on column stopgap.fn_version.fn_schema is 'The source schema';
comment on column stopgap.fn_version.live_fn_schema is 'The live schema';
comment on column stopgap.fn_version.kind is 'query or mutation';
comment on column stopgap.fn_version.artifact_hash is 'The compiled module';
comment on column stopgap.fn_version.pointer is 'The body of the live function';
comment on column stopgap.fn_version.attributes is
    'Volatility, STRICT, PARALLEL, COST, SET clauses and comment';

comment on table stopgap.activation_log is
    'Every change of what an environment runs, in the order of id';
comment on column stopgap.activation_log.id is 'Drawn under the environment''s lock';
comment on column stopgap.activation_log.env is 'The environment';
comment on column stopgap.activation_log.from_deployment_id is
    'What was active before; NULL at the first deployment';
comment on column stopgap.activation_log.to_deployment_id is 'What became active';
comment on column stopgap.activation_log.activated_at is 'Wall clock time';
comment on column stopgap.activation_log.activated_by is 'Who had logged in';
comment on column stopgap.activation_log.activated_as is 'The role in force';
comment on column stopgap.activation_log.action is 'deploy, rollback, …';
comment on column stopgap.activation_log.outcome is
    'What it did to the live schema, and what it retained there';

comment on table stopgap.dropped_function is
    'The grants that live functions had when they were dropped';
comment on column stopgap.dropped_function.env is 'The environment';
comment on column stopgap.dropped_function.fn_name is 'The live function';
comment on column stopgap.dropped_function.activation_id is 'What dropped it';
comment on column stopgap.dropped_function.grants is
    'Who had EXECUTE, by role name, public meaning everybody';

comment on table stopgap.repair_log is
    'Every repair of a live schema of this database; not to be published';
comment on column stopgap.repair_log.id is
    'Drawn with those of activation_log, under the environment''s lock';
comment on column stopgap.repair_log.env is 'The environment';
comment on column stopgap.repair_log.deployment_id is
    'What was active, and made live again';
comment on column stopgap.repair_log.repaired_at is 'Wall clock time';
comment on column stopgap.repair_log.repaired_by is 'Who had logged in';
comment on column stopgap.repair_log.repaired_as is 'The role in force';
comment on column stopgap.repair_log.outcome is 'What it did to the live schema';

comment on view stopgap.activation_audit is
    'Who made what active, or repaired it, when; with the deployment that it became';
comment on view stopgap.environment_overview is
    'What each environment runs';

comment on function stopgap.add_foreign_keys() is
    'Adds the foreign keys that a restore does without; for after_restore()';
comment on function stopgap.load_engine() is
    'Loads the engine into this backend; for the other functions';
comment on function stopgap.version() is 'The version of the engine that runs';
comment on function stopgap.metrics() is
    'Counters of this backend: calls, errors, latencies';
comment on function stopgap.deploy(text, text, text, jsonb) is
    'Deploys a source schema to an environment; returns the deployment';
comment on function stopgap.rollback(text, int, bigint, jsonb) is
    'Goes back to an earlier deployment; returns it';
comment on function stopgap.status(text) is
    'What an environment runs, and the drift of its live schema';
comment on function stopgap.deployments(text, int, bigint, bool) is
    'The deployments of an environment, newest first';
comment on function stopgap.diff(text, text, jsonb) is
    'How a source schema, a deployment or an environment differs from another';
comment on function stopgap.plan(text, text, jsonb) is
    'All that a deploy, a rollback or an activation would do; writes nothing';
comment on function stopgap.activate(text, bigint, jsonb) is
    'Activates a sealed deployment, or one that was active before; returns it';
comment on function stopgap.repair(text, jsonb) is
    'Makes the live schema again what the active deployment says';
comment on function stopgap.record_failure(text, text, jsonb, jsonb) is
    'Records a deploy that failed, with what was wrong; returns its deployment';
comment on function stopgap.find_deployment(text, text) is
    'The deployment that was made with a token, when its answer was lost';
comment on function stopgap.gc(jsonb) is
    'Removes deployments past a policy, and artifacts that nothing needs';
comment on function stopgap.promote(text, text, jsonb) is
    'Deploys to an environment the artifacts that another one runs';
comment on function stopgap.export_deployment(text, bigint, jsonb) is
    'A deployment with its sources as one value, for import_deployment()';
comment on function stopgap.import_deployment(text, jsonb, jsonb) is
    'Deploys what export_deployment() answered, compiled anew; returns the deployment';
comment on function stopgap.verify(jsonb) is
    'What is wrong with what stopgap keeps, and with what is live; writes nothing';
comment on function stopgap.after_restore(jsonb) is
    'Gives stopgap_owner back what a restore or a template left out; superusers only';
