-- Open a deployment. Its id is drawn here, under the environment's lock.
-- parameters: env text, label text, source_schema text, created_by text
-- parameters: created_as text
insert into stopgap.deployment (
    env, label, source_schema, created_by, created_as, status
)
values (:env, :label, :source_schema, :created_by, :created_as, 'open')
returning id
