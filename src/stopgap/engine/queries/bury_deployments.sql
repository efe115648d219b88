-- Leave of deployments that the log refers to what the audit shows of them.
-- parameters: ids bigint[]
update stopgap.deployment as d
set status = 'removed', previous_id = null, manifest = jsonb_build_object(
    'env', d.env,
    'source_schema', d.source_schema,
    'live_schema', d.manifest -> 'live_schema',
    'label', d.label,
    'removed_at', clock_timestamp()
)
where d.id = any (:ids) and d.status in ('superseded', 'rolled_back')
returning d.id
