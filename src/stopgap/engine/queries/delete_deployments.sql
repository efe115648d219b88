-- Delete deployments that the log does not refer to.
-- parameters: ids bigint[]
delete from stopgap.deployment where id = any (:ids)
