-- Ledgers from before waybill.run meant one execution of a job: until then it held the receipts.
set role loader;

do $$
declare
    closed_by_receipt text;
begin
    if exists (
        select from pg_attribute
        where attrelid = to_regclass('waybill.run') and attname = 'receipt' and not attisdropped
    ) then
        alter table waybill.run rename to receipt;
        alter table waybill.receipt rename column run_id to receipt_id;
        alter table waybill.receipt rename constraint run_pkey to receipt_pkey;
        alter table waybill.receipt add column run_id uuid;
        -- A still older ledger has no dead letters yet.
        foreach closed_by_receipt in array array['load', 'step', 'dead_letter'] loop
            if to_regclass('waybill.' || closed_by_receipt) is not null then
                execute format('alter table waybill.%I rename column run_id to receipt_id', closed_by_receipt);
            end if;
        end loop;
        alter table waybill.load add column run_id uuid;
        alter table waybill.step
        add column run_id uuid,
        add column status text,
        add column attempt integer not null default 1,
        add column cause text,
        add column host text,
        add column process_id integer,
        alter column ended_at drop not null;
        update waybill.step set status = case when succeeded then 'succeeded' else 'failed' end;
        alter table waybill.step
        alter column status set default 'running',
        alter column status set not null,
        drop column succeeded;
    end if;
end
$$;

reset role;
