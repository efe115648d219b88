-- Activations, newest first, a page of them.
select pg_catalog.to_jsonb(audited) as entry
from stopgap.activation_audit as audited
where
    (%(env)s::text is null or audited.env = %(env)s::text)
    and (
        %(before_id)s::bigint is null or audited.activation_id < %(before_id)s::bigint
    )
order by audited.activation_id desc
limit %(max_count)s::int
