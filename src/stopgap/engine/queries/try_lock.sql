-- Take an environment's lock if nobody has it.
-- parameters: class int4, key int4
select pg_try_advisory_xact_lock(:class, :key) as is_taken
