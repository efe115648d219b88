-- The settings stopgap.*, NULL where they were never set.
-- parameters: names text[]
select name, current_setting('stopgap.' || name, true) as value
from unnest(:names) as name
