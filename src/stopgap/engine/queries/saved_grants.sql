-- The grants that functions had when they were last dropped since an activation.
-- parameters: env text, since bigint, names text[]
select distinct on (f.fn_name) f.fn_name, f.grants::text as grants
from stopgap.dropped_function as f
where f.env = :env and f.activation_id > :since and f.fn_name = any (:names)
order by f.fn_name, f.activation_id desc
