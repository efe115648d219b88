-- Who holds an environment's lock. A prepared transaction's locks have no pid; which
-- one it is, the lock that it holds on its own id tells.
-- parameters: class int4, key int4
select
    l.pid,
    a.usename::text as role,
    a.application_name as application,
    x.gid as prepared_gid
from pg_locks as l
left join pg_stat_activity as a on a.pid = l.pid
left join pg_locks as own
    on l.pid is null
    and own.pid is null
    and own.locktype = 'transactionid'
    and own.virtualtransaction = l.virtualtransaction
left join pg_prepared_xacts as x on x.transaction = own.transactionid
where l.locktype = 'advisory'
    and l.granted
    and l.database = (select oid from pg_database where datname = current_database())
    -- The two-key form; classid and objid are the keys as unsigned numbers.
    and l.objsubid = 2
    and l.classid::bigint = (:class::bigint & 4294967295)
    and l.objid::bigint = (:key::bigint & 4294967295)
limit 1
