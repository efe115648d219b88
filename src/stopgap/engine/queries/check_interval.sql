-- An interval as the server reads it, and whether it leads back in time.
-- parameters: age text
select
    :age::interval::text as age,
    clock_timestamp() - :age::interval <= clock_timestamp() as is_past
