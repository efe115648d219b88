-- What sizes the server's lock table, as InitLocks() counts it, and what is taken.
select
    current_setting('max_locks_per_transaction')::int as max_locks_per_transaction,
    current_setting('max_connections')::int
        + current_setting('autovacuum_max_workers')::int
        + current_setting('max_worker_processes')::int
        + current_setting('max_wal_senders')::int
        + current_setting('max_prepared_transactions')::int
        + 1 as lockers,
    (select count(*) from pg_locks where not fastpath)::int as taken
