-- Forget the grants of functions that no deployment that is left could bring back: a
-- rollback asks for what was dropped since its target was last activated.
-- parameters: env text
delete from stopgap.dropped_function as f
where (:env is null or f.env = :env)
    and f.activation_id <= coalesce(
        (
            select min(last.id)
            from (
                select max(a.id) as id
                from stopgap.activation_log as a
                join stopgap.deployment as d on d.id = a.to_deployment_id
                where d.env = f.env and d.status <> 'removed'
                group by a.to_deployment_id
            ) as last
        ),
        0
    )
