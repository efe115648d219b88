-- Record a new environment.
-- parameters: env text, live_schema text
insert into stopgap.environment (env, live_schema)
values (:env, :live_schema)
