-- Function versions that do not fit their artifact or deployment.
-- parameters: env text
select
    d.env,
    d.id,
    v.fn_name,
    case
        when d.status in ('failed', 'removed') then 'its deployment has no functions'
        when a.artifact_hash is null then 'plts.artifact lacks its artifact'
        when v.pointer ->> 'artifact_hash' is distinct from v.artifact_hash
            then 'its pointer leads to another artifact'
        when v.live_fn_schema <> e.live_schema
            then 'its live schema is not that of its environment'
        else 'its kind is not what the compiler recorded'
    end as message
from stopgap.fn_version as v
join stopgap.deployment as d on d.id = v.deployment_id
join stopgap.environment as e on e.env = d.env
left join plts.artifact as a on a.artifact_hash = v.artifact_hash
where (:env is null or d.env = :env)
    and (
        d.status in ('failed', 'removed')
        or a.artifact_hash is null
        or v.pointer ->> 'artifact_hash' is distinct from v.artifact_hash
        or v.live_fn_schema <> e.live_schema
        or v.kind <> coalesce(a.exports #>> '{default,kind}', 'mutation')
    )
order by d.env, d.id, v.fn_name
