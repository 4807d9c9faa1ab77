-- All loads of a stream added up, so that no run has to read the history of the ledger.
set role loader;

do $bootstrap$
begin
    if to_regclass('waybill.account') is not null then
        return;
    end if;

    create table waybill.closed_account (
        target_schema text not null,
        stream text not null, -- noqa: RF04
        target_table text not null,
        rows_inserted numeric not null,
        rows_updated numeric not null,
        rows_superseded numeric not null,
        rows_deleted numeric not null,
        writes numeric not null,
        write_ids numeric not null,
        totals jsonb not null,
        totals_counted jsonb not null,
        last_change_at timestamptz,
        primary key (target_schema, stream, target_table)
    );
    comment on table waybill.closed_account is
    'One row per stream and table: the loads that a receipt has closed, added up. A trigger keeps it.';
    grant select on waybill.closed_account to transformer, auditor;

    -- What a load adds to its account.
    create function waybill.entry_of(load waybill.load)
    returns table (writes numeric, write_ids numeric, totals jsonb, totals_counted jsonb, last_change_at timestamptz)
    language sql stable as $$
        select
            1::numeric,
            load.load_id::numeric,
            load.totals_landed_change,
            (
                select coalesce(jsonb_object_agg(total.name, 1), '{}')
                from jsonb_object_keys(load.totals_landed_change) as total (name)
            ),
            case when coalesce(load.batch_id, '') not like 'replay:%' then load.committed_at end
        where load.rows_inserted + load.rows_updated + load.rows_deleted > 0
        union all
        select 0, 0, '{}', '{}', null
        where not load.rows_inserted + load.rows_updated + load.rows_deleted > 0
    $$;

    create function waybill.sum_of_totals(one jsonb, other jsonb, sign integer) returns jsonb
    language sql immutable as $$
        select coalesce(jsonb_object_agg(summed.name, summed.total), '{}')
        from (
            select part.name, sum(part.total) as total
            from (
                select key, value::numeric from jsonb_each_text(one)
                union all
                select key, sign * value::numeric from jsonb_each_text(other)
            ) as part (name, total)
            group by part.name
        ) as summed
    $$;

    -- sign is -1 where the load as it was leaves its account.
    create function waybill.add_to_account(load waybill.load, sign integer) returns void
    language sql as $$
        insert into waybill.closed_account as account
        select
            load.target_schema, load.stream, load.target_table,
            sign * load.rows_inserted, sign * load.rows_updated, sign * load.rows_superseded,
            sign * load.rows_deleted, sign * entry.writes, sign * entry.write_ids,
            waybill.sum_of_totals('{}', entry.totals, sign),
            waybill.sum_of_totals('{}', entry.totals_counted, sign), entry.last_change_at
        from waybill.entry_of(load) as entry
        on conflict (target_schema, stream, target_table) do update
        set
            rows_inserted = account.rows_inserted + excluded.rows_inserted,
            rows_updated = account.rows_updated + excluded.rows_updated,
            rows_superseded = account.rows_superseded + excluded.rows_superseded,
            rows_deleted = account.rows_deleted + excluded.rows_deleted,
            writes = account.writes + excluded.writes,
            write_ids = account.write_ids + excluded.write_ids,
            totals = waybill.sum_of_totals(account.totals, excluded.totals, 1),
            totals_counted = waybill.sum_of_totals(account.totals_counted, excluded.totals_counted, 1),
            last_change_at = greatest(account.last_change_at, excluded.last_change_at)
    $$;

    -- Who may close a load need not be who may write accounts.
    create function waybill.keep_account() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    begin
        if tg_op = 'TRUNCATE' then
            delete from waybill.closed_account;
            return null;
        end if;
        if tg_op <> 'INSERT' then
            if old.receipt_id is not null then
                perform waybill.add_to_account(old, -1);
            end if;
        end if;
        if tg_op = 'DELETE' then
            delete from waybill.closed_account
            where target_schema = old.target_schema and stream = old.stream
                and not exists (
                    select from waybill.load
                    where load.target_schema = old.target_schema and load.stream = old.stream
                        and load.receipt_id is not null
                );
        elsif new.receipt_id is not null then
            perform waybill.add_to_account(new, 1);
        end if;
        return null;
    end
    $$;

    create trigger account_of_inserted after insert on waybill.load
    for each row when (new.receipt_id is not null)
    execute function waybill.keep_account();
    -- A bookmark that is removed changes no account.
    create trigger account_of_updated after update on waybill.load
    for each row when (
        (old.receipt_id is null) <> (new.receipt_id is null)
        or new.receipt_id is not null and (
            old.rows_inserted, old.rows_updated, old.rows_superseded, old.rows_deleted,
            old.totals_landed_change, old.committed_at, old.target_table
        ) is distinct from (
            new.rows_inserted, new.rows_updated, new.rows_superseded, new.rows_deleted,
            new.totals_landed_change, new.committed_at, new.target_table
        )
    )
    execute function waybill.keep_account();
    create trigger account_of_deleted after delete on waybill.load
    for each row when (old.receipt_id is not null)
    execute function waybill.keep_account();
    create trigger account_of_truncated after truncate on waybill.load
    for each statement execute function waybill.keep_account();

    perform waybill.add_to_account(load, 1) from waybill.load where receipt_id is not null;

    create view waybill.account as
    with entry as (
        select * from waybill.closed_account
        union all
        select
            load.target_schema, load.stream, load.target_table, load.rows_inserted, load.rows_updated,
            load.rows_superseded, load.rows_deleted, entry.*
        from waybill.load
        cross join lateral waybill.entry_of(load) as entry
        where load.receipt_id is null
    ),

    total as (
        select
            entry.target_schema, entry.stream, entry.target_table, part.key as name,
            sum(part.value::numeric) as total,
            sum((entry.totals_counted ->> part.key)::numeric) as counted
        from entry
        cross join lateral jsonb_each_text(entry.totals) as part
        group by entry.target_schema, entry.stream, entry.target_table, part.key
    )

    select
        entry.target_schema,
        entry.stream,
        entry.target_table,
        sum(entry.rows_inserted) as rows_inserted,
        sum(entry.rows_updated) as rows_updated,
        sum(entry.rows_superseded) as rows_superseded,
        sum(entry.rows_deleted) as rows_deleted,
        sum(entry.writes) as writes,
        sum(entry.write_ids) as write_ids,
        (
            select coalesce(jsonb_object_agg(total.name, total.total), '{}')
            from total
            where (total.target_schema, total.stream, total.target_table)
                = (entry.target_schema, entry.stream, entry.target_table)
        ) as totals,
        (
            select coalesce(jsonb_object_agg(total.name, total.counted), '{}')
            from total
            where (total.target_schema, total.stream, total.target_table)
                = (entry.target_schema, entry.stream, entry.target_table)
        ) as totals_counted,
        max(entry.last_change_at) as last_change_at
    from entry
    group by entry.target_schema, entry.stream, entry.target_table;
    comment on view waybill.account is
    'One row per stream and table: all its loads added up, closed or not.';
    comment on column waybill.account.writes is 'Loads that wrote, changed or removed rows.';
    comment on column waybill.account.write_ids is 'Sum of the numbers of those.';
    comment on column waybill.account.totals is 'Sums of totals_landed_change of those, by column.';
    comment on column waybill.account.totals_counted is 'How many of those have each of them.';
    comment on column waybill.account.last_change_at is
    'When the last of those was committed, replays left out.';
    grant select on waybill.account to transformer, auditor;
end
$bootstrap$;

-- What each run looks up. `create index if not exists` waits for every open load, index or not.
do $$
declare
    wanted record;
begin
    for wanted in
        select *
        from (
            values
                ('load_open', 'waybill.load (target_schema) where receipt_id is null'),
                ('load_by_invocation', 'waybill.load (invocation_id)'),
                (
                    'load_batches',
                    'waybill.load using gin (string_to_array(batch_id, '' '')) where batch_id is not null'
                ),
                ('step_open', 'waybill.step (step_id) where receipt_id is null'),
                ('step_builds', 'waybill.step (started_at) where step = ''dbt:build'''),
                ('run_running', 'waybill.run (started_at) where status = ''running'''),
                ('receipt_by_end', 'waybill.receipt (scope, ended_at)'),
                ('receipt_by_run', 'waybill.receipt (run_id)')
        ) as needed (index_name, place)
        where to_regclass('waybill.' || index_name) is null
    loop
        execute format('create index %I on %s', wanted.index_name, wanted.place);
    end loop;
end
$$;

reset role;
