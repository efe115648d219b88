-- The deployment that was made with a token, none where its transaction failed.
-- parameters: env text, token text
select max(d.id) as id
from stopgap.deployment as d
where d.env = :env
    and d.status <> 'failed'
    and d.provenance @> jsonb_build_object('token', :token)
