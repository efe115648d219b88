-- Foreign keys that are missing, or that rows contradict.
select
    k.key_name,
    case when c.oid is null then 'it does not exist' else 'it is not valid' end
        as message
from unnest(
    array[
        'deployment_env_fkey',
        'fn_version_deployment_id_fkey',
        'fn_version_artifact_hash_fkey',
        'activation_log_env_fkey',
        'activation_log_from_deployment_id_fkey',
        'activation_log_to_deployment_id_fkey',
        'dropped_function_env_fkey',
        'dropped_function_activation_id_fkey'
    ]
) as k (key_name)
left join pg_constraint as c
    on c.conname = k.key_name and c.connamespace = 'stopgap'::regnamespace
where c.oid is null or not c.convalidated
order by k.key_name
