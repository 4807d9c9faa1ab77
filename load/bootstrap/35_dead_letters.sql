-- The rows that could not land, each with what it was and why.
set role loader;

create table if not exists waybill.dead_letter (
    dead_letter_id bigint generated always as identity primary key,
    load_id bigint not null references waybill.load on delete cascade,
    receipt_id uuid references waybill.receipt,
    invocation_id uuid not null,
    target_schema text not null,
    stream text not null, -- noqa: RF04
    source_file text,
    source_line bigint,
    key jsonb, -- noqa: RF04
    column_name text,
    reason text not null,
    raw text, -- noqa: RF04
    payload jsonb,
    found_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    resolved_at timestamptz,
    resolved_by text,
    keeps_older_row boolean not null default false,
    counted_totals jsonb not null default '{}',
    landed_totals jsonb not null default '{}',
    constraint found_by_tap_or_target check (found_by in ('tap', 'target')),
    constraint resolved_by_replay_or_reload check (resolved_by in ('replay', 'reload')),
    constraint resolved_at_a_time_by_something check ((resolved_at is null) = (resolved_by is null))
);
comment on table waybill.dead_letter is
'One row per row of a source that could not land; open while resolved_at is null.';
comment on column waybill.dead_letter.load_id is
'The load that it was part of, which counts it in rows_dead.';
comment on column waybill.dead_letter.receipt_id is
'The receipt that answered for it first; null until one has.';
comment on column waybill.dead_letter.invocation_id is
'The one run of the target process that wrote it.';
comment on column waybill.dead_letter.source_line is
'Line of the file at which the row starts, from 1, the header counted.';
comment on column waybill.dead_letter.key is
'The row''s key as texts, where the stream has one and it could be read.';
comment on column waybill.dead_letter.column_name is
'The first column at fault; null where it is the row as a whole.';
comment on column waybill.dead_letter.raw is
'The row''s text as it came; null where a hashed value could not be located in it.';
comment on column waybill.dead_letter.payload is
'Its values by column, as texts or null, as far as they could be told apart.';
comment on column waybill.dead_letter.found_by is
'tap: the row broke the contract; target: PostgreSQL refused it.';
comment on column waybill.dead_letter.resolved_by is
'replay: it was mended and landed; reload: its file, table or key was sent again.';
comment on column waybill.dead_letter.keeps_older_row is
'Whether the table keeps a row of the same key that landed before.';
comment on column waybill.dead_letter.counted_totals is
'By how much its row makes the source''s control totals differ from those of the table.';
comment on column waybill.dead_letter.landed_totals is
'By how much the row that a replay landed differs from the source''s control totals.';

do $$
begin
    if to_regclass('waybill.dead_letter_by_stream') is null then
        create index dead_letter_by_stream on waybill.dead_letter (target_schema, stream, source_file);
    end if;
end
$$;

reset role;
