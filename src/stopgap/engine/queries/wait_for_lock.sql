-- Take an environment's lock, waiting for as long as lock_timeout allows.
-- parameters: class int4, key int4
select pg_advisory_xact_lock(:class, :key)
