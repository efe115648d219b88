-- Give an open deployment up, with a manifest that says why.
-- parameters: id bigint, manifest jsonb
update stopgap.deployment
set status = 'failed', manifest = :manifest
where id = :id and status = 'open'
returning id
