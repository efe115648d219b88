-- The environment that has a live schema.
-- parameters: live_schema text
select e.env from stopgap.environment as e where e.live_schema = :live_schema
