-- Notify listeners, once the transaction has committed.
-- parameters: channel text, payload text
select pg_notify(:channel, :payload)
