-- What an installed 0.1.0 lacks beside what can be created over again: the parts that
-- follow it in the script (views, functions, comments, privileges) are those of a fresh
-- install. Fresh installs and updates end alike: a test compares them.

alter table stopgap.deployment drop constraint deployment_status_check;
alter table stopgap.deployment add constraint deployment_status_check check (
    status in (
        'open', 'sealed', 'active', 'superseded', 'rolled_back', 'failed', 'removed'
    )
);

create index activation_log_from on stopgap.activation_log (from_deployment_id);

-- One signature a verb: a form with a defaulted argument beside it would be ambiguous.
drop function stopgap.diff(text, text);
