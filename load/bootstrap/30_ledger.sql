-- The ledger: what was loaded, and the receipt that answers for it.
set role loader;

create table if not exists waybill.receipt (
    receipt_id uuid primary key,
    run_id uuid,
    scope text not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    is_balanced boolean not null,
    receipt jsonb not null
);
comment on table waybill.receipt is
'One row per receipt: all loads and steps since the receipt before it.';
comment on column waybill.receipt.run_id is 'The run that issued it.';
comment on column waybill.receipt.scope is 'Sources the receipt answers for, joined by commas.';
comment on column waybill.receipt.receipt is
'The receipt as it was printed: streams, marts, differences.';

create table if not exists waybill.load (
    load_id bigint generated always as identity primary key,
    receipt_id uuid references waybill.receipt,
    run_id uuid,
    invocation_id uuid not null,
    target_schema text not null,
    stream text not null, -- noqa: RF04
    target_table text not null,
    batch_id text,
    started_at timestamptz not null,
    committed_at timestamptz not null default clock_timestamp(),
    rows_received bigint not null,
    rows_inserted bigint not null,
    rows_updated bigint not null,
    rows_unchanged bigint not null,
    rows_superseded bigint not null,
    rows_deleted bigint not null,
    rows_dead bigint not null default 0,
    totals_received jsonb not null default '{}',
    totals_landed_change jsonb not null default '{}',
    bookmark jsonb,
    constraint received_rows_are_accounted_for check (
        rows_received = rows_inserted + rows_updated + rows_unchanged + rows_superseded + rows_dead
    )
);

-- Ledgers from before there were dead letters. `if not exists` would wait for every open load.
do $$
begin
    if not exists (
        select from pg_attribute
        where attrelid = 'waybill.load'::regclass and attname = 'rows_dead' and not attisdropped
    ) then
        alter table waybill.load
        add column rows_dead bigint not null default 0,
        drop constraint received_rows_are_accounted_for,
        add constraint received_rows_are_accounted_for check (
            rows_received = rows_inserted + rows_updated + rows_unchanged + rows_superseded + rows_dead
        );
    end if;
end
$$;

comment on table waybill.load is
'One row per stream and committed transaction of a target, written in that transaction.';
comment on column waybill.load.receipt_id is
'The receipt that closed this load; null until one has.';
comment on column waybill.load.run_id is 'The run that its target was a step of.';
comment on column waybill.load.invocation_id is 'The one run of the target process that wrote it.';
comment on column waybill.load.batch_id is
'Ids of the batches it appended, parted by spaces; null where rows have a key or replace others.';
comment on column waybill.load.rows_superseded is
'Rows that gave way to one of the same key, later in the same transaction or of a later file.';
comment on column waybill.load.rows_deleted is
'Rows that a reloaded file, an overwritten table or the source no longer holds, removed or marked.';
comment on column waybill.load.rows_dead is
'Rows received that could not land: each has a dead letter.';
comment on column waybill.load.totals_received is
'Sums of the control total columns over the rows received, dead ones the target found among them.';
comment on column waybill.load.totals_landed_change is
'By how much the sums over the landed table changed.';
comment on column waybill.load.bookmark is
'The stream''s part of the Singer state as of this transaction.';

-- `create index if not exists` waits for every open load, also where the index exists.
do $$
begin
    if to_regclass('waybill.load_by_stream') is null then
        create index load_by_stream on waybill.load (target_schema, stream, load_id);
    end if;
    if to_regclass('waybill.load_once_per_batch') is null then
        -- A digest, because the ids of many batches are longer than an index entry may be.
        create unique index load_once_per_batch
        on waybill.load (target_schema, stream, md5(batch_id)) where batch_id is not null;
    end if;
    if to_regclass('waybill.load_by_run') is null then
        create index load_by_run on waybill.load (run_id);
    end if;
end
$$;

reset role;
