-- Say where an open deployment comes from.
-- parameters: id bigint, provenance jsonb
update stopgap.deployment
set provenance = :provenance
where id = :id and status = 'open'
