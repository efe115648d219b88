-- What the caller, and the engine's own role, may do.
-- parameters: caller text
select
    pg_has_role(:caller::name, 'stopgap_deployer', 'usage') as is_deployer,
    has_language_privilege('stopgap_owner', 'plts', 'usage') as owner_has_language,
    has_database_privilege('stopgap_owner', current_database(), 'create')
        as owner_may_create_schemas,
    current_database()::text as database,
    (select rolsuper from pg_roles where rolname = :caller) as is_superuser
