-- What readers may know of the state of the data: the ledger without rows, values, hosts or causes.
set role loader;

do $bootstrap$
begin
    -- Views of their own schema, so that `reader` needs no way into the ledger itself.
    if to_regclass('waybill_status.incidents') is not null then
        return;
    end if;

    create schema if not exists waybill_status;

    create view waybill_status.runs as
    select
        run.run_id,
        run.job,
        run.schedule,
        run.started_by,
        run.status,
        run.failed_step,
        run.started_at,
        run.ended_at
    from waybill.run;
    comment on view waybill_status.runs is 'One row per execution of a job, or of a lone step.';

    create view waybill_status.steps as
    select
        step.step_id,
        step.run_id,
        step.step,
        step.status,
        step.attempt,
        (step.detail ->> 'bytes')::bigint as byte_count,
        coalesce(
            (step.detail ->> 'rows')::bigint,
            (
                select sum(result.rows_affected)::bigint
                from waybill.dbt_result as result
                where result.step_id = step.step_id
            )
        ) as row_count,
        (step.detail ->> 'dead')::bigint as dead_row_count,
        (step.detail ->> 'checks')::bigint as check_count,
        step.started_at,
        step.ended_at
    from waybill.step;
    comment on view waybill_status.steps is
    'One row per attempt at a step of a run, with the rows and bytes that it has written.';

    create view waybill_status.receipts as
    select
        receipt.receipt_id,
        receipt.run_id,
        receipt.scope,
        receipt.is_balanced,
        jsonb_array_length(receipt.receipt -> 'streams')::bigint as stream_count,
        -- One by one, so that they are worked out only for the receipts that are asked for.
        (
            select sum((stream.report -> 'movement' ->> 'read')::bigint)::bigint
            from jsonb_array_elements(receipt.receipt -> 'streams') as stream (report)
        ) as rows_read,
        (
            select sum((stream.report -> 'movement' ->> 'new')::bigint)::bigint
            from jsonb_array_elements(receipt.receipt -> 'streams') as stream (report)
        ) as rows_new,
        (
            select sum((stream.report -> 'movement' ->> 'changed')::bigint)::bigint
            from jsonb_array_elements(receipt.receipt -> 'streams') as stream (report)
        ) as rows_changed,
        (
            select sum((stream.report -> 'movement' ->> 'dead')::bigint)::bigint
            from jsonb_array_elements(receipt.receipt -> 'streams') as stream (report)
        ) as rows_dead,
        jsonb_array_length(receipt.receipt -> 'marts')::bigint as mart_rule_count,
        receipt.started_at,
        receipt.ended_at
    from waybill.receipt;
    comment on view waybill_status.receipts is
    'One row per receipt, with the rows that it answers for.';

    create view waybill_status.streams as
    select
        account.target_schema,
        account.stream,
        (account.rows_inserted - account.rows_deleted)::bigint as row_count,
        account.last_change_at
    from waybill.account;
    comment on view waybill_status.streams is
    'One row per stream that has landed: rows that are alive, and when they changed last.';

    create view waybill_status.freshness as
    select
        freshness.domain,
        freshness.source,
        freshness.method,
        count(*) as measured_count,
        (array_agg(freshness.latency_seconds order by freshness.measured_at desc))[1]
            as last_latency_seconds,
        percentile_cont(0.5) within group (order by freshness.latency_seconds)
            as median_latency_seconds,
        percentile_cont(0.95) within group (order by freshness.latency_seconds)
            as p95_latency_seconds,
        max(freshness.visible_at) as last_visible_at
    from waybill.freshness
    where freshness.measured_at > now() - interval '7 days'
    group by freshness.domain, freshness.source, freshness.method;
    comment on view waybill_status.freshness is
    'One row per source and domain, and way to measure: latencies of the last seven days.';

    create view waybill_status.checks as
    select distinct on (result.suite, result.table_name, result.rule, result.column_name)
        result.suite,
        result.table_name,
        result.column_name,
        result.rule,
        result.severity,
        result.succeeded,
        result.checked as checked_count,
        result.unexpected as unexpected_count,
        step.started_at as checked_at
    from waybill.expectation_result as result
    inner join waybill.step on result.step_id = step.step_id
    order by result.suite, result.table_name, result.rule, result.column_name, result.step_id desc;
    comment on view waybill_status.checks is
    'One row per quality check, as it came out when it was made last.';

    create view waybill_status.dead_letters as
    select
        letter.target_schema,
        letter.stream,
        letter.column_name,
        letter.found_by,
        regexp_replace(letter.reason, '(["'']).*\1', '…') as reason,
        count(*) as letter_count,
        count(*) filter (where letter.resolved_at is null) as open_count,
        min(letter.created_at) as first_at,
        max(letter.created_at) as last_at
    from waybill.dead_letter as letter
    group by
        letter.target_schema,
        letter.stream,
        letter.column_name,
        letter.found_by,
        regexp_replace(letter.reason, '(["'']).*\1', '…');
    comment on view waybill_status.dead_letters is
    'One row per stream, column and reason for which rows could not land; values are left out.';

    create view waybill_status.incidents as
    select
        incident.incident_id,
        incident.kind,
        incident.subject,
        incident.opened_at,
        incident.last_seen_at,
        incident.closed_at
    from waybill.incident;
    comment on view waybill_status.incidents is
    'One row per thing that went wrong; open while closed_at is null.';

    grant usage on schema waybill_status to reader;
    grant select on all tables in schema waybill_status to reader;
end
$bootstrap$;

reset role;
