-- Seal a deployment with its manifest.
-- parameters: id bigint, manifest jsonb
update stopgap.deployment
set status = 'sealed', manifest = :manifest
where id = :id and status = 'open'
returning id
