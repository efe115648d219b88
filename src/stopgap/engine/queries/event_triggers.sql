-- The event triggers that DDL with these tags fires in this session, and how an error's
-- context calls their functions.
-- parameters: tags text[]
select
    t.evtname::text as name,
    array[
        format('%I(', p.proname),
        format('%I.%I(', n.nspname, p.proname),
        format('"%s"', p.proname)
    ] as mentions
from pg_event_trigger as t
join pg_proc as p on p.oid = t.evtfoid
join pg_namespace as n on n.oid = p.pronamespace
where t.evtevent in ('ddl_command_start', 'ddl_command_end', 'sql_drop')
    and (t.evttags is null or t.evttags && :tags)
    and (
        t.evtenabled = 'A'
        or t.evtenabled = case current_setting('session_replication_role')
            when 'replica' then 'R'
            else 'O'
        end
    )
order by t.evtname
