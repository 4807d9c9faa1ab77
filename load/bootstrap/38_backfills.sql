-- Windows of a source that were loaded once more, and those that were cut off and are to go on.
set role loader;

create table if not exists waybill.backfill (
    backfill_id uuid primary key,
    source text not null, -- noqa: RF04
    streams text[] not null, -- noqa: RF04
    window_from text,
    window_to text,
    run_ids uuid[] not null default '{}',
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    receipt_id uuid references waybill.receipt
);
comment on table waybill.backfill is
'One row per window that was loaded once more, over all runs that it took.';
comment on column waybill.backfill.window_from is
'First value of the replication key, first name of a file, or since when of the lake.';
comment on column waybill.backfill.window_to is
'First value of the replication key after the window, or last name of a file in it.';
comment on column waybill.backfill.run_ids is 'The runs that have worked on it.';
comment on column waybill.backfill.ended_at is
'Null while it runs, or was cut off: the same command goes on then.';
comment on column waybill.backfill.receipt_id is 'Its own receipt.';

reset role;
