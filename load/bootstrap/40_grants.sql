grant usage on schema waybill to transformer, auditor;
grant select on all tables in schema waybill to auditor, transformer;
grant insert on waybill.step to transformer, auditor;
grant insert on waybill.run to auditor;
grant update (run_id) on waybill.load, waybill.step to auditor;

-- What each owner creates later is readable by those who come after it.
alter default privileges for role loader grant usage on schemas to transformer, auditor;
alter default privileges for role loader grant select on tables to transformer, auditor;
alter default privileges for role transformer grant usage on schemas to auditor;
alter default privileges for role transformer grant select on tables to auditor;
alter default privileges for role transformer in schema common, marketplace, trade grant select on tables to reader;

grant usage on schema raw_olist, raw_totesys to transformer, auditor;
grant select on all tables in schema raw_olist, raw_totesys to transformer, auditor;
grant usage on schema staging, intermediate, snapshots, common, marketplace, trade to auditor;
grant select on all tables in schema staging, intermediate, snapshots, common, marketplace, trade to auditor;
grant usage on schema common, marketplace, trade to reader;
grant select on all tables in schema common, marketplace, trade to reader;
