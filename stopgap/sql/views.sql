-- Views: the audit of activations, and the state of each environment.

create or replace view stopgap.activation_audit as
select
    a.id as activation_id,
    a.env,
    a.from_deployment_id,
    a.to_deployment_id,
    a.activated_at,
    a.activated_by,
    a.action,
    d.status as to_status,
    d.label as to_label,
    d.source_schema as to_source_schema,
    d.created_at as to_created_at,
    d.created_by as to_created_by,
    a.activated_as,
    d.provenance as to_provenance,
    a.outcome
from (
    select
        l.id,
        l.env,
        l.from_deployment_id,
        l.to_deployment_id,
        l.activated_at,
        l.activated_by,
        l.activated_as,
        l.action,
        l.outcome
    from stopgap.activation_log as l
    union all
    select
        r.id,
        r.env,
        r.deployment_id,
        r.deployment_id,
        r.repaired_at,
        r.repaired_by,
        r.repaired_as,
        'repair',
        r.outcome
    from stopgap.repair_log as r
) as a
join stopgap.deployment as d on d.id = a.to_deployment_id;

create or replace view stopgap.environment_overview as
select
    e.env,
    e.live_schema,
    e.active_deployment_id,
    e.updated_at,
    d.status as active_status,
    d.label as active_label,
    d.created_at as active_created_at,
    d.created_by as active_created_by
from stopgap.environment as e
left join stopgap.deployment as d on d.id = e.active_deployment_id;
