-- Foreign keys between the tables, and from function versions to their artifacts.
--
-- pg_dump writes an extension's rows in the order of its foreign keys, but does not
-- tell that order to pg_restore: with -j it begins with the largest table, and the
-- first row without its parent ends the restore. So a restore, which pg_dump makes
-- with row_security off, does without them, and stopgap.after_restore() adds them.

create function stopgap.add_foreign_keys() returns void
language plpgsql volatile parallel unsafe security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    missing record;
begin
    for missing in
        select k.*
        from (
            values
            (
                'deployment_env_fkey', 'stopgap.deployment',
                '(env) references stopgap.environment (env)'
            ),
            (
                'fn_version_deployment_id_fkey', 'stopgap.fn_version',
                '(deployment_id) references stopgap.deployment (id)'
            ),
            (
                'fn_version_artifact_hash_fkey', 'stopgap.fn_version',
                '(artifact_hash) references plts.artifact (artifact_hash)'
            ),
            (
                'activation_log_env_fkey', 'stopgap.activation_log',
                '(env) references stopgap.environment (env)'
            ),
            (
                'activation_log_from_deployment_id_fkey', 'stopgap.activation_log',
                '(from_deployment_id) references stopgap.deployment (id)'
            ),
            (
                'activation_log_to_deployment_id_fkey', 'stopgap.activation_log',
                '(to_deployment_id) references stopgap.deployment (id)'
            ),
            (
                'dropped_function_env_fkey', 'stopgap.dropped_function',
                '(env) references stopgap.environment (env)'
            ),
            (
                'dropped_function_activation_id_fkey', 'stopgap.dropped_function',
                '(activation_id) references stopgap.activation_log (id)'
            )
        ) as k (key_name, table_name, definition)
        where not exists (
            select
            from pg_constraint as c
            where c.conname = k.key_name
                and c.conrelid = k.table_name::regclass
                and c.convalidated
        )
    loop
        -- Not valid at first: rows whose parents were not restored, such as artifacts
        -- after a dump without data, shall not keep new rows from being checked.
        if not exists (
            select
            from pg_constraint as c
            where c.conname = missing.key_name
                and c.conrelid = missing.table_name::regclass
        ) then
            execute format(
                'alter table %s add constraint %I foreign key %s not valid',
                missing.table_name, missing.key_name, missing.definition
            );
        end if;
        begin
            execute format(
                'alter table %s validate constraint %I',
                missing.table_name, missing.key_name
            );
        exception
            when foreign_key_violation then
                raise warning 'rows of % refer to what is missing', missing.table_name
                    using detail = format('%I is not valid.', missing.key_name);
        end;
    end loop;
end
$$;

do $$
begin
    if pg_catalog.current_setting('row_security')::bool then
        perform stopgap.add_foreign_keys();
    end if;
end
$$;
