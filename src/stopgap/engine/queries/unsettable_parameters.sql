-- Which parameters the engine's role may not put into a SET clause: those that only
-- superusers set, and those that no loaded library has defined.
-- parameters: names text[]
select n.name
from unnest(:names) as n (name)
where not has_parameter_privilege('stopgap_owner', n.name, 'set')
    and not exists (
        select
        from pg_settings as s
        where s.name = n.name and s.context <> 'superuser'
    )
order by n.name
