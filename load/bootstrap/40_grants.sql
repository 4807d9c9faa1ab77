-- Who comes later in the job reads what those before it made, now and from now on.
set role loader;

grant usage on schema waybill, raw_olist, raw_totesys, raw_storefront to transformer, auditor;
alter default privileges grant usage on schemas to transformer, auditor;
alter default privileges grant select on tables to transformer, auditor;

grant select
on waybill.receipt, waybill.load, waybill.dead_letter, waybill.run, waybill.step, waybill.lease,
waybill.dbt_result, waybill.expectation_result
to transformer, auditor;
grant insert on waybill.run, waybill.step, waybill.dbt_result, waybill.expectation_result
to transformer, auditor;
grant update (ended_at, status, failed_step, cause, versions, log_url)
on waybill.run to transformer, auditor;
grant update (ended_at, status, detail, cause) on waybill.step to transformer, auditor;
grant insert, update, delete on waybill.lease to transformer, auditor;
grant insert on waybill.receipt to auditor;
grant update (receipt_id) on waybill.load, waybill.step, waybill.dead_letter to auditor;

set role transformer;

grant usage on schema staging, intermediate, snapshots, common, marketplace, trade, storefront
to auditor;
grant usage on schema common, marketplace, trade, storefront to reader;
alter default privileges grant usage on schemas to auditor;
alter default privileges grant select on tables to auditor;
alter default privileges in schema common, marketplace, trade, storefront
grant select on tables to reader;

reset role;

-- Tables from before these defaults. Only those that lack the grant: to grant it again would
-- collide with a job that alters them now.
do $$
declare
    missing record;
begin
    for missing in
        select
            relation.oid::regclass as relation,
            relation.relowner::regrole as owner,
            readers.role_name
        from pg_class as relation
        inner join pg_namespace as namespace on relation.relnamespace = namespace.oid
        cross join (values ('transformer'), ('auditor'), ('reader')) as readers (role_name)
        where relation.relkind in ('r', 'p', 'v', 'm')
            and relation.relowner in ('loader'::regrole, 'transformer'::regrole)
            and not has_table_privilege(readers.role_name, relation.oid, 'select')
            and case readers.role_name
                when 'transformer' then relation.relowner = 'loader'::regrole
                when 'reader' then namespace.nspname in ('common', 'marketplace', 'trade', 'storefront')
                else true
            end
    loop
        execute format('set local role %s', missing.owner);
        execute format('grant select on %s to %I', missing.relation, missing.role_name);
        reset role;
    end loop;
end
$$;
