-- Log an activation, with what it did to the live schema.
-- parameters: env text, from_id bigint, to_id bigint, by_role text, as_role text
-- parameters: action text, outcome jsonb
insert into stopgap.activation_log (
    env, from_deployment_id, to_deployment_id, activated_by, activated_as, action,
    outcome
)
values (:env, :from_id, :to_id, :by_role, :as_role, :action, :outcome)
returning id
