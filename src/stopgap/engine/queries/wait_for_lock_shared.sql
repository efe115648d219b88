-- Take a lock that others may share, waiting for as long as lock_timeout allows.
-- parameters: class int4, key int4
select pg_advisory_xact_lock_shared(:class, :key)
