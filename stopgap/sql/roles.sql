-- Roles: made where they are missing, adopted where they are harmless.
--
-- Roles belong to the whole cluster, and one of ours may exist already: from another
-- database of it, or planted there. Who could log in as stopgap_owner, or is a member
-- of it, would own every live function. A comment tells the roles that this script
-- made: their members were given to them as what they are. Who may write that comment
-- may add members too, so it need not be kept from anybody.

do $$
declare
    comments constant jsonb := '{
        "stopgap_owner": "stopgap: owns live schemas and live functions",
        "stopgap_reader": "stopgap: reads what is live, and the history",
        "stopgap_deployer": "stopgap: deploys, rolls back, and reads the history",
        "stopgap_maintainer": "stopgap: removes history, and reads it",
        "app_user": "stopgap: calls live functions"
    }';
    role_name text;
    existing pg_catalog.pg_roles;
    members text;
    is_ours bool;
    is_update constant bool :=
        pg_catalog.to_regclass('stopgap.environment') is not null;
begin
    for role_name in select pg_catalog.jsonb_object_keys(comments) loop
        -- What these have been given since the version that made them is meant.
        continue when is_update
            and role_name in ('stopgap_owner', 'stopgap_deployer', 'app_user');
        select r.* into existing
        from pg_catalog.pg_roles as r
        where r.rolname = role_name;
        if not found then
            execute pg_catalog.format('create role %I nologin', role_name);
            execute pg_catalog.format(
                'comment on role %I is %L', role_name, comments ->> role_name
            );
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
        is_ours := coalesce(
            pg_catalog.shobj_description(existing.oid, 'pg_authid')
                = comments ->> role_name,
            false
        );
        select pg_catalog.string_agg(
            pg_catalog.pg_get_userbyid(m.member)::text, ', ' order by m.member
        )
        into members
        from pg_catalog.pg_auth_members as m
        where m.roleid = existing.oid;
        if members is not null
            and (
                role_name = 'stopgap_owner'
                or role_name <> 'app_user' and not is_ours
            )
        then
            raise exception 'role "%" exists, and has members: %', role_name, members
                using errcode = 'duplicate_object',
                detail = 'They would have its rights in this database too.',
                hint = 'Revoke it from them, and grant it again afterwards if need be.';
        end if;
        -- What the owner is a member of, every deployer reaches through the engine.
        if role_name = 'stopgap_owner' and exists (
            select from pg_catalog.pg_auth_members as m where m.member = existing.oid
        ) then
            raise exception 'role "%" exists, and is a member of other roles', role_name
                using errcode = 'duplicate_object',
                detail = 'The engine would have their rights.',
                hint = 'Revoke them from it.';
        end if;
        -- CREATE EXTENSION lets only warnings through, and sets this back at its end.
        perform pg_catalog.set_config('client_min_messages', 'notice', true);
        raise notice 'role "%" exists already, and is used as it is', role_name
            using detail = 'Its members: ' || coalesce(members, 'none') || '.';
        perform pg_catalog.set_config('client_min_messages', 'warning', true);
    end loop;
end
$$;

-- Who changes what is live, or removes what was, sees it.
alter role stopgap_deployer inherit;
alter role stopgap_maintainer inherit;
grant stopgap_reader to stopgap_deployer, stopgap_maintainer;
