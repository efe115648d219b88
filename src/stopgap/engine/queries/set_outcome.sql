-- Keep what a verb did in a setting, until the transaction ends.
-- parameters: outcome text
select set_config('stopgap.outcome', :outcome, true)
