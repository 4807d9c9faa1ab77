-- What is wrong and for how long, and who has been told.
set role loader;

create table if not exists waybill.incident (
    incident_id bigint generated always as identity primary key,
    kind text not null,
    subject text not null,
    opened_at timestamptz not null default clock_timestamp(),
    last_seen_at timestamptz not null default clock_timestamp(),
    closed_at timestamptz,
    run_id uuid,
    summary text not null, -- noqa: RF04
    remedy_url text not null,
    log_url text,
    notified_at timestamptz,
    closed_notified_at timestamptz,
    constraint kind_has_a_page check (
        kind in (
            'run_failed',
            'deadline_missed',
            'stale_source',
            'dead_letters',
            'unbalanced',
            'slow_freshness'
        )
    )
);
comment on table waybill.incident is
'One row per thing that went wrong, from when it was found to when it was over.';
comment on column waybill.incident.subject is
'What it is about: a schedule or job, a source, a stream.';
comment on column waybill.incident.last_seen_at is 'The last evaluation that found it.';
comment on column waybill.incident.closed_at is
'The evaluation that found it over; null while it is open.';
comment on column waybill.incident.run_id is 'The run that showed it last, where one did.';
comment on column waybill.incident.summary is 'What happened, in one line.';
comment on column waybill.incident.remedy_url is 'The page that says what to do.';
comment on column waybill.incident.notified_at is
'When every channel had the message that it is open.';
comment on column waybill.incident.closed_notified_at is
'When every channel had the message that it is over.';

-- Apart from the incident, so that an evaluation never waits for a row that a mail server holds up.
create table if not exists waybill.incident_message (
    incident_id bigint not null references waybill.incident on delete cascade,
    phase text not null,
    channel text not null,
    tried_at timestamptz,
    sent_at timestamptz,
    failure text,
    primary key (incident_id, phase, channel),
    constraint phase_is_opened_or_closed check (phase in ('opened', 'closed'))
);
comment on table waybill.incident_message is
'One row per message and channel, written with its incident and marked when it is sent.';
comment on column waybill.incident_message.tried_at is
'When it was handed to the channel last; null where it never was.';
comment on column waybill.incident_message.sent_at is
'When the channel took it; null until it has.';
comment on column waybill.incident_message.failure is
'Why the last attempt failed; null where none has.';

do $$
begin
    if to_regclass('waybill.incident_open_once') is null then
        create unique index incident_open_once
        on waybill.incident (kind, subject) where closed_at is null;
    end if;
    if to_regclass('waybill.incident_message_unsent') is null then
        create index incident_message_unsent
        on waybill.incident_message (incident_id) where sent_at is null;
    end if;
end
$$;

grant select on waybill.incident, waybill.incident_message to transformer;
grant select, insert, update on waybill.incident, waybill.incident_message to auditor;

reset role;
