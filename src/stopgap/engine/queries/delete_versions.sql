-- Delete the function versions of deployments.
-- parameters: ids bigint[]
delete from stopgap.fn_version where deployment_id = any (:ids)
