-- Let others go on for so many seconds; a cancel ends it.
-- parameters: seconds float8
select pg_sleep(:seconds)
