-- Dump: the rows are the users', so pg_dump carries all of them.

select pg_catalog.pg_extension_config_dump('stopgap.environment', '');
select pg_catalog.pg_extension_config_dump('stopgap.deployment', '');
select pg_catalog.pg_extension_config_dump('stopgap.fn_version', '');
select pg_catalog.pg_extension_config_dump('stopgap.activation_log', '');
select pg_catalog.pg_extension_config_dump('stopgap.dropped_function', '');
select pg_catalog.pg_extension_config_dump('stopgap.repair_log', '');
select pg_catalog.pg_extension_config_dump('stopgap.deployment_id_seq', '');
select pg_catalog.pg_extension_config_dump('stopgap.activation_log_id_seq', '');
