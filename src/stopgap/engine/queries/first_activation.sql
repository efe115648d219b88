-- Activate a sealed deployment, with what was active until then as its way back.
-- parameters: id bigint, previous_id bigint
update stopgap.deployment
set status = 'active', previous_id = :previous_id
where id = :id and status = 'sealed'
returning id
