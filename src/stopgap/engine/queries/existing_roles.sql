-- Which of these roles exist.
-- parameters: names text[]
select r.rolname::text as name from pg_roles as r where r.rolname = any (:names)
