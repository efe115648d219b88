-- Log a repair, which is no activation: other databases are not sent it.
-- parameters: env text, deployment_id bigint, by_role text, as_role text, outcome jsonb
insert into stopgap.repair_log (
    env, deployment_id, repaired_by, repaired_as, outcome
)
values (:env, :deployment_id, :by_role, :as_role, :outcome)
returning id
