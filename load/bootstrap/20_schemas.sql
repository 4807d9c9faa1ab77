-- raw_<source> and waybill belong to the loader, everything right of them to the transformer.
-- What the database grants to others stays as it is: it may serve more than Waybill.
do $$
declare
    granted record;
begin
    for granted in
        select *
        from (
            values
                ('loader', 'connect'), ('loader', 'temporary'), ('loader', 'create'),
                ('transformer', 'connect'), ('transformer', 'temporary'), ('transformer', 'create'),
                ('auditor', 'connect'), ('auditor', 'temporary'),
                ('reader', 'connect')
        ) as needed (to_role, privilege)
        where not has_database_privilege(to_role, current_database(), privilege)
    loop
        execute format('grant %s on database %I to %I', granted.privilege, current_database(), granted.to_role);
        -- A grant without the right to grant is only a warning.
        if not has_database_privilege(granted.to_role, current_database(), granted.privilege) then
            raise insufficient_privilege using
                message = format('no right to grant %s on database %s', granted.privilege, current_database());
        end if;
    end loop;
end
$$;

set role loader;
create schema if not exists raw_olist;
create schema if not exists raw_totesys;
create schema if not exists raw_storefront;
create schema if not exists waybill;

set role transformer;
create schema if not exists staging;
create schema if not exists intermediate;
create schema if not exists snapshots;
create schema if not exists common;
create schema if not exists marketplace;
create schema if not exists trade;
create schema if not exists storefront;

reset role;
