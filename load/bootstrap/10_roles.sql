-- One role for each kind of step. Passwords are set by the launcher, never in a file of the project.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['loader', 'transformer', 'auditor', 'reader'] loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I nologin', role_name);
        end if;
        -- A login that bootstraps without being a superuser must be able to change to each role.
        if not (select rolsuper from pg_roles where rolname = current_user)
            and not pg_has_role(current_user, role_name, 'member') then
            execute format('grant %I to %I', role_name, current_user);
        end if;
    end loop;
end
$$;
