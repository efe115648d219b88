-- The context of the DDL that failed, as running_ddl has it kept.
select current_setting('stopgap.failure_context', true) as context
