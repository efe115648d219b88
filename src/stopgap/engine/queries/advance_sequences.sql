-- Let the sequences go on after the rows that came without them: replicated ones do.
select pg_catalog.setval(s.name, s.last_id)
from (
    select 'stopgap.deployment_id_seq'::regclass as name, max(d.id) as last_id
    from stopgap.deployment as d
    union all
    select
        'stopgap.activation_log_id_seq'::regclass,
        greatest(
            (select max(a.id) from stopgap.activation_log as a),
            (select max(r.id) from stopgap.repair_log as r)
        )
) as s
where s.last_id > coalesce(pg_catalog.pg_sequence_last_value(s.name), 0)
