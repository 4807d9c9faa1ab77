-- How long it takes from a commit at a source until it is visible in the marts.
set role loader;

do $$
begin
    if to_regclass('waybill.freshness') is null then
        create table waybill.freshness (
            measured_at timestamptz not null default clock_timestamp(),
            domain text not null, -- noqa: RF04
            source text not null, -- noqa: RF04
            method text not null, -- noqa: RF04
            committed_at timestamptz not null,
            visible_at timestamptz not null,
            latency_seconds double precision not null
            generated always as (extract(epoch from visible_at - committed_at)) stored,
            run_id uuid,
            constraint freshness_method_is_known check (method in ('heartbeat', 'replication_key'))
        );
        create index freshness_by_source on waybill.freshness (source, domain, committed_at);
        grant select, insert on waybill.freshness to auditor;
        grant select on waybill.freshness to transformer;
        comment on table waybill.freshness is
        'One row per heartbeat that came to a domain''s marts, or per run that brought newer rows.';
        comment on column waybill.freshness.method is
        '`heartbeat`: a row written for it; `replication_key`: the newest of the source''s own.';
        comment on column waybill.freshness.committed_at is 'When it was written at the source, by its clock.';
        comment on column waybill.freshness.visible_at is
        'End of the first build of the domain''s models after it had landed.';
    end if;
    if to_regclass('waybill.freshness_by_measurement') is null then
        create index freshness_by_measurement on waybill.freshness (domain, source, measured_at, committed_at);
    end if;
end
$$;

reset role;
