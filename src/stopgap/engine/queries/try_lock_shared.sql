-- Take a lock that others may share, if nobody has it alone.
-- parameters: class int4, key int4
select pg_try_advisory_xact_lock_shared(:class, :key) as is_taken
