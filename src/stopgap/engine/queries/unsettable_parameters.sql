-- Which parameters the engine's role may not put into a SET clause.
-- parameters: names text[]
select s.name::text as name
from pg_settings as s
where s.name = any (:names)
    and s.context = 'superuser'
    and not has_parameter_privilege('stopgap_owner', s.name, 'set')
order by s.name
