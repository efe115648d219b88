-- Move a deployment from one status to another; no row where it was in a third.
-- parameters: id bigint, old text, new text
update stopgap.deployment
set status = :new
where id = :id and status = :old
returning id
