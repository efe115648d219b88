-- What the caller, and the engine's own role, may do.
-- parameters: caller text
select
    pg_has_role(:caller::name, 'stopgap_reader', 'usage') as is_reader,
    pg_has_role(:caller::name, 'stopgap_deployer', 'usage') as is_deployer,
    pg_has_role(:caller::name, 'stopgap_maintainer', 'usage') as is_maintainer,
    has_language_privilege('stopgap_owner', 'plts', 'usage') as owner_has_language,
    has_database_privilege('stopgap_owner', current_database(), 'create')
        as owner_may_create_schemas,
    current_database()::text as database,
    (select rolsuper from pg_roles where rolname = :caller) as is_superuser,
    -- What is sent from elsewhere, somebody else writes.
    (
        select min(s.subname)::text
        from pg_subscription as s
        join pg_subscription_rel as r on r.srsubid = s.oid
        join pg_class as c on c.oid = r.srrelid
        where c.relnamespace = 'stopgap'::regnamespace
            and c.relname <> 'repair_log'
    ) as subscription
