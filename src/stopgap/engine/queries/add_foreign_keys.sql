-- Add the foreign keys that a restore did without.
select stopgap.add_foreign_keys()
