-- Roles: made where they are missing, adopted where they are harmless.
--
-- Roles belong to the whole cluster, and one of ours may exist already: from another
-- database of it, or planted there. Who could log in as stopgap_owner, or is a member
-- of it, would own every live function.

do $$
declare
    adopts_members constant bool :=
        coalesce(current_setting('stopgap.adopt_role_members', true), '')
            in ('on', 'true', '1', 'yes');
    role_name name;
    existing pg_catalog.pg_roles;
    members text;
begin
    foreach role_name in array array['stopgap_owner', 'stopgap_deployer', 'app_user']
    loop
        select r.* into existing
        from pg_catalog.pg_roles as r
        where r.rolname = role_name;
        if not found then
            execute pg_catalog.format('create role %I nologin', role_name);
            continue;
        end if;
        if existing.rolcanlogin
            or existing.rolsuper
            or existing.rolcreaterole
            or existing.rolcreatedb
            or existing.rolreplication
            or existing.rolbypassrls
        then
            raise exception 'role "%" exists, and can do more than it should', role_name
                using errcode = 'duplicate_object',
                detail = 'It may not log in, be a superuser, create roles or databases,'
                    ' replicate, or bypass row security.',
                hint = pg_catalog.format(
                    'alter role %I nologin nosuperuser nocreaterole nocreatedb'
                    ' noreplication nobypassrls;', role_name
                );
        end if;
        -- A member of stopgap_owner is an owner; what stopgap_owner is a member of,
        -- every deployer reaches through the engine.
        select pg_catalog.string_agg(
            pg_catalog.pg_get_userbyid(m.member)::text, ', ' order by m.member
        )
        into members
        from pg_catalog.pg_auth_members as m
        where m.roleid = existing.oid;
        if members is not null and role_name <> 'app_user' and not adopts_members then
            raise exception 'role "%" exists, and has members: %', role_name, members
                using errcode = 'duplicate_object',
                detail = 'They would have its rights in this database too.',
                hint = 'If you know them all: set stopgap.adopt_role_members = on;'
                    ' then create the extension.';
        end if;
        if role_name = 'stopgap_owner' and exists (
            select from pg_catalog.pg_auth_members as m where m.member = existing.oid
        ) then
            raise exception 'role "%" exists, and is a member of other roles', role_name
                using errcode = 'duplicate_object',
                detail = 'The engine would have their rights.',
                hint = 'Revoke them from it.';
        end if;
        raise notice 'role "%" exists already, and is used as it is', role_name;
    end loop;
end
$$;
