-- The runs: which job was run when, by which steps, how each ended, and who works on what now.
set role loader;

create table if not exists waybill.run (
    run_id uuid primary key,
    job text not null,
    schedule text,
    started_by text not null,
    host text not null, -- noqa: RF04
    process_id integer,
    started_at timestamptz not null,
    ended_at timestamptz,
    status text not null default 'running',
    failed_step text,
    cause text,
    git_commit text,
    versions jsonb not null default '{}',
    log_url text,
    constraint run_started_by_shell_or_airflow check (started_by in ('shell', 'airflow')),
    constraint run_status_is_known check (status in ('running', 'succeeded', 'failed', 'lost')),
    constraint run_that_runs_has_no_end check ((status = 'running') = (ended_at is null))
);
comment on table waybill.run is 'One row per execution of a job, or of a lone step.';
comment on column waybill.run.job is
'The job as it was named, or `invoke` and the command of a lone step.';
comment on column waybill.run.process_id is
'The process of `meltano`; null where each step has one of its own, as under Airflow.';
comment on column waybill.run.status is
'lost: its process ended without a word, or it gave no sign of life for too long.';
comment on column waybill.run.cause is 'Why it failed, in one line.';
comment on column waybill.run.versions is 'Versions of what its steps ran on, by name.';

create table if not exists waybill.step (
    step_id bigint generated always as identity primary key,
    run_id uuid references waybill.run on delete cascade,
    receipt_id uuid references waybill.receipt,
    step text not null,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    status text not null default 'running',
    attempt integer not null default 1,
    detail jsonb not null default '{}',
    cause text,
    host text, -- noqa: RF04
    process_id integer,
    constraint step_status_is_known check (status in ('running', 'succeeded', 'failed')),
    constraint step_that_runs_has_no_end check ((status = 'running') = (ended_at is null))
);

-- A ledger that 25_before_runs.sql has brought here.
do $$
begin
    if not exists (
        select from pg_constraint
        where conrelid = 'waybill.step'::regclass and conname = 'step_status_is_known'
    ) then
        alter table waybill.step
        add foreign key (run_id) references waybill.run on delete cascade,
        add constraint step_status_is_known check (status in ('running', 'succeeded', 'failed')),
        add constraint step_that_runs_has_no_end check ((status = 'running') = (ended_at is null)),
        alter column started_at set default clock_timestamp();
    end if;
    if to_regclass('waybill.step_by_run') is null then
        create index step_by_run on waybill.step (run_id);
    end if;
    if to_regclass('waybill.run_by_start') is null then
        create index run_by_start on waybill.run (started_at);
    end if;
end
$$;

comment on table waybill.step is
'One row per attempt at a step of a run, written when it begins and closed when it ends.';
comment on column waybill.step.receipt_id is
'The receipt that closed this step; null until one has.';
comment on column waybill.step.attempt is 'How many times its run has tried it by now, from 1.';
comment on column waybill.step.detail is
'The step''s own figures, such as rows, bytes, counts of checks or models by status.';
comment on column waybill.step.cause is 'Why it failed, in one line.';

create table if not exists waybill.lease (
    resource text primary key, -- noqa: RF04
    run_id uuid not null,
    host text not null, -- noqa: RF04
    process_id integer,
    step text, -- noqa: RF04
    taken_at timestamptz not null default clock_timestamp(),
    renewed_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null
);
comment on table waybill.lease is
'One row per schema that a run works on now; no other run may.';
comment on column waybill.lease.resource is 'A schema of the warehouse.';
comment on column waybill.lease.process_id is
'The process of the run; null where each step has one of its own.';
comment on column waybill.lease.step is 'The step that renewed it last.';

create table if not exists waybill.dbt_result (
    run_id uuid not null,
    step_id bigint not null references waybill.step on delete cascade,
    unique_id text not null,
    resource_type text not null,
    status text not null,
    seconds numeric not null,
    rows_affected bigint,
    message text,
    primary key (step_id, unique_id)
);
comment on table waybill.dbt_result is 'One row per node that an invocation of dbt has come to.';
comment on column waybill.dbt_result.rows_affected is
'As the database says; null where it does not.';
comment on column waybill.dbt_result.message is
'What dbt says of a node that did not succeed, without values.';

create table if not exists waybill.expectation_result (
    run_id uuid not null,
    step_id bigint not null references waybill.step on delete cascade,
    suite text not null,
    rule text not null, -- noqa: RF04
    table_name text not null,
    column_name text,
    severity text not null,
    succeeded boolean not null,
    checked bigint, -- noqa: RF04
    unexpected bigint,
    observed text
);
comment on table waybill.expectation_result is 'One row per quality check that was made.';
comment on column waybill.expectation_result.rule is 'The check in words.';
comment on column waybill.expectation_result.table_name is 'Schema and table.';
comment on column waybill.expectation_result.column_name is
'Its columns, joined by commas; null where it is about rows.';
comment on column waybill.expectation_result.checked is 'Rows looked at, where it looks at rows.';
comment on column waybill.expectation_result.unexpected is 'Rows that break it.';
comment on column waybill.expectation_result.observed is
'What was seen instead, without personal data.';

do $$
begin
    if to_regclass('waybill.dbt_result_by_run') is null then
        create index dbt_result_by_run on waybill.dbt_result (run_id);
    end if;
    if to_regclass('waybill.expectation_result_by_run') is null then
        create index expectation_result_by_run on waybill.expectation_result (run_id, step_id);
    end if;
end
$$;

reset role;
