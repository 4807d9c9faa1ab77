-- One role for each kind of step. The launcher sets passwords; no file of the project has one.
do $$
declare
    is_superuser constant boolean := (select rolsuper from pg_roles where rolname = current_user);
    -- Since version 16 who creates a role administers it, but may not change to it until granted.
    to_change constant text := case
        when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member'
    end;
    role_name text;
begin
    foreach role_name in array array['loader', 'transformer', 'auditor', 'reader'] loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I nologin', role_name);
        end if;
        if not is_superuser and not pg_has_role(current_user, role_name, to_change) then
            execute format('grant %I to %I', role_name, current_user);
        end if;
    end loop;
end
$$;
