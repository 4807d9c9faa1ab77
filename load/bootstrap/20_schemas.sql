-- raw_<source> and waybill belong to the loader, everything right of them to the transformer.
do $$
begin
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect, temporary on database %I to loader, transformer, auditor, reader', current_database());
    execute format('grant create on database %I to loader, transformer', current_database());
end
$$;

revoke all on schema public from public;

create schema if not exists raw_olist authorization loader;
create schema if not exists raw_totesys authorization loader;

create schema if not exists staging authorization transformer;
create schema if not exists intermediate authorization transformer;
create schema if not exists snapshots authorization transformer;
create schema if not exists common authorization transformer;
create schema if not exists marketplace authorization transformer;
create schema if not exists trade authorization transformer;

create schema if not exists waybill authorization loader;
