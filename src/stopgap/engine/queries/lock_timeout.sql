-- For how many seconds a lock may be waited for; 0 for as long as it takes.
select s.setting::float8 / 1000 as seconds
from pg_settings as s
where s.name = 'lock_timeout'
